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

    private bool TryDelete(GroupingKey key)
    {
        using (writer.Enter())
        {
            if (expiring.FindAt(key, state.Clock.Read()) is not { } slot)
            {
                return false;
            }

            publisher.Remove(slot);
            return true;
        }
    }
}
