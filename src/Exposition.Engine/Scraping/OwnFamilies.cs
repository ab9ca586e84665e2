using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine.Scraping;

/// <summary>Renders the host's own families for one scrape after the other, mostly into the memory that the last one has left.</summary>
internal sealed class OwnFamilies
{
    private readonly List<int> _order = [];
    private readonly Comparison<int> _byName;
    private FamilySet? _set;
    private FamilyEntry[] _entries = [];
    private FamilyEntry[] _before = [];
    private byte[] _block = [];

    public OwnFamilies() => _byName = (a, b) => _set!.Text(_set.Families[a].Name).SequenceCompareTo(_set.Text(_set.Families[b].Name));

    /// <summary>The entries, valid until the next call.</summary>
    public ReadOnlyMemory<FamilyEntry> Render(FamilySet own)
    {
        _order.Clear();
        for (int i = 0; i < own.Families.Length; i++)
        {
            _order.Add(i);
        }

        _set = own;
        _order.Sort(_byName);
        _set = null;
        (_entries, _before) = (_before, _entries);
        if (_entries.Length != _order.Count)
        {
            _entries = new FamilyEntry[_order.Count];
        }

        PushWorkspace workspace = PushWorkspace.Rent();
        try
        {
            SnapshotBuilder.Render(own, workspace.Text, workspace.Sidecar, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_order),
                0, _before, _entries, ref _block);
            return _entries;
        }
        finally
        {
            PushWorkspace.Return(workspace);
        }
    }
}
