using System.Collections.Concurrent;
using Exposition.Formats;

namespace Exposition.Store.Internal;

/// <summary>The scratch memory that one push needs: the decoded families and the buffers to sort and render them. Rented for the time of a push.</summary>
internal sealed class PushWorkspace
{
    private static readonly ConcurrentBag<PushWorkspace> s_pool = [];
    private static readonly int s_kept = Environment.ProcessorCount * 2;

    public FamilySet Families { get; } = new();

    public BlockWriter Text { get; } = new();

    public BlockWriter Sidecar { get; } = new();

    public LabelMerge Labels { get; } = new();

    public SeriesOrder Series { get; } = new();

    public List<int> Order { get; } = [];

    public static PushWorkspace Rent() => s_pool.TryTake(out PushWorkspace? workspace) ? workspace : new PushWorkspace();

    public static void Return(PushWorkspace workspace)
    {
        if (s_pool.Count >= s_kept)
        {
            return;
        }

        workspace.Families.Reset();
        workspace.Text.Clear();
        workspace.Sidecar.Clear();
        workspace.Order.Clear();
        s_pool.Add(workspace);
    }
}
