using Exposition.Engine.Memory;
using Exposition.Engine.Overdue;

namespace Exposition.Engine.Compression;

// Found by what the groups are (their slots and the versions of their snapshots), so it does not matter which scrape looks, and at which
// point in time. One scrape at a time looks and adds (it holds BundleCache.Preparing); any may end its use.

/// <summary>The stretches of groups that the last scrape has met.</summary>
/// <param name="bundles">The limit that they share.</param>
internal sealed class StretchCache(BundleCache bundles)
{
    private const long SpareMost = 4 << 20;

    private readonly Dictionary<UInt128, Stretch> _stretches = [];
    private readonly SparePool<Stretch> _spare = new(SpareMost);

    public StretchPlanner Planner { get; } = new();

    /// <summary>Finds a stretch, and uses it.</summary>
    public Stretch? Find(UInt128 identity, long scrape)
    {
        if (_stretches.TryGetValue(identity, out Stretch? stretch))
        {
            stretch.LastUsed = scrape;
            stretch.Use();
        }

        return stretch;
    }

    /// <summary>Makes a stretch of the groups, uses it, and keeps it if there is room.</summary>
    public Stretch Add(UInt128 identity, ReadOnlySpan<GroupSnapshot> groups, OverdueScan? overdue, long scrape)
    {
        ReadOnlySpan<FamilyRun> runs = Planner.Plan(groups, overdue);
        int room = SparePool<Stretch>.SizeFor(Math.Max(1, runs.Length));
        Stretch stretch = _spare.TryTake(room) ?? new Stretch(room);
        stretch.Fill(runs);
        stretch.Use();
        if (bundles.TryReserve(stretch.Bytes))
        {
            stretch.LastUsed = scrape;
            stretch.Use();
            _stretches.Add(identity, stretch);
        }

        return stretch;
    }

    /// <summary>Lets go of what a scrape, which has found or added so many that are kept, did not meet.</summary>
    public void Sweep(long scrape)
    {
        foreach ((UInt128 identity, Stretch stretch) in _stretches)
        {
            if (stretch.LastUsed != scrape)
            {
                _stretches.Remove(identity);
                bundles.Unreserve(stretch.Bytes);
                Release(stretch);
            }
        }
    }

    /// <summary>Lets go of spare memory that was not needed since the last call.</summary>
    /// <returns>How many bytes that is.</returns>
    public long Trim() => _spare.Trim();

    /// <summary>Ends a use.</summary>
    public void Release(Stretch stretch)
    {
        if (stretch.Release())
        {
            stretch.Clear();
            _spare.Put(stretch.Room, stretch.Bytes, stretch);
        }
    }
}
