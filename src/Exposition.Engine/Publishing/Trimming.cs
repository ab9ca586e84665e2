namespace Exposition.Engine.Publishing;

/// <summary>Lets go of memory that a peak has left.</summary>
internal sealed class Trimming(StoreState state, WriterLock writer)
{
    private long _letGoBefore;

    /// <inheritdoc cref="MetricStore.TrimSpareMemory"/>
    public long Trim()
    {
        TrimTables();
        long letGo = Volatile.Read(ref state.Counts.LetGo);
        long stored = Volatile.Read(ref state.Counts.StoredBytes);
        return letGo - Interlocked.Exchange(ref _letGoBefore, letGo) + state.Blocks.Pool.Trim() + state.Blocks.Snapshots.Trim()
            + state.Workspaces.Trim() + state.Scrapes.Trim(stored) + state.Bundles.Trim(stored);
    }

    // Those that were made for many more groups than there are.
    private void TrimTables()
    {
        // What was before stays until something changes, if a view was on its way to it when it changed last.
        if (state.Maps.Newest.Previous is not null)
        {
            using (writer.Enter())
            {
                state.Maps.Replace(state.Maps.Newest.Unchanged());
            }
        }

        state.Maps.Trim();
        state.Groups.Trim(state.Maps.Newest.Count);
        if (state.Deadlines.Queue.IsRoomy || state.Overdue is { IsRoomy: true })
        {
            using (writer.Enter())
            {
                state.Deadlines.Queue.Trim();
                state.Overdue?.Trim();
            }
        }
    }
}
