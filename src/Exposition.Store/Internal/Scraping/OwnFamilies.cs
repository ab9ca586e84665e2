using Exposition.Formats;

namespace Exposition.Store.Internal;

/// <summary>Renders the host's own families for a scrape.</summary>
internal static class OwnFamilies
{
    public static FamilyEntry[] Render(FamilySet own)
    {
        int[] families = new int[own.Families.Length];
        for (int i = 0; i < families.Length; i++)
        {
            families[i] = i;
        }

        families.AsSpan().Sort((a, b) => own.Text(own.Families[a].Name).SequenceCompareTo(own.Text(own.Families[b].Name)));
        PushWorkspace workspace = PushWorkspace.Rent();
        try
        {
            return SnapshotBuilder.Render(own, workspace.Text, workspace.Sidecar, families, 0, []);
        }
        finally
        {
            PushWorkspace.Return(workspace);
        }
    }
}
