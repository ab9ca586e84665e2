using System.Runtime.InteropServices;
using Exposition.Engine.Ingest;
using Exposition.Engine.Memory;
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
    private readonly BlockWriter _text = new();
    private readonly BlockWriter _sidecar = new();

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

        ReadOnlySpan<int> order = CollectionsMarshal.AsSpan(_order);
        SnapshotBuilder.Render(own, _text, _sidecar, order, now: 0, _before, _entries, ref _block);
        return _entries;
    }
}
