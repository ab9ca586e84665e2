namespace Exposition.Engine.Publishing;

/// <summary>Deletes of single groups.</summary>
internal sealed class Deleting(StoreState state, WriterLock writer, Publisher publisher, Expiring expiring, Sweep sweep)
{
    /// <summary>Deletes of many groups in one step.</summary>
    public DeletingTogether Together { get; } = new(state, writer, publisher, sweep);

    /// <inheritdoc cref="MetricStore.Delete(GroupingKey)"/>
    public bool Delete(GroupingKey key)
    {
        sweep.ExpireDue();
        bool isDeleted = TryDelete(key);
        state.Observers.TellEnds();
        return isDeleted;
    }

    /// <summary>The same of a group as it is now, unless it is of a later revision; who observes is yet to be told of the end.</summary>
    public bool TryDelete(GroupingKey key, long revision = long.MaxValue)
    {
        using (writer.Enter())
        {
            if (expiring.FindAt(key, state.Clock.Read()) is not { } slot || slot.Revision > revision)
            {
                return false;
            }

            publisher.Remove(slot);
            return true;
        }
    }
}
