using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Publishing;

// Which groups are chosen is found out without a lock, as expressions may take their time, and so are their ends and the map without them
// made (ChosenGroups). What has come and gone meanwhile is made up for under the writer lock, where also their age is looked at again: so
// what is deleted, and counted, is what a view at that moment would show. That hold grows with the number of groups, by less than a tenth
// of a microsecond each: all of them must be closed before the map without them is shown. Repeat pushes go on meanwhile.

/// <summary>What became of a delete of many groups.</summary>
/// <param name="Groups">How many were removed; where it was not done, how many there are.</param>
/// <param name="Series">Their sample lines.</param>
/// <param name="IsDone">False if there were not as many as expected: nothing has changed then.</param>
internal readonly record struct DeletedTogether(int Groups, long Series, bool IsDone);

/// <summary>Deletes the groups that are chosen in one step: a view shows all of them or none.</summary>
internal sealed class DeletingTogether(StoreState state, WriterLock writer, Publisher publisher, Sweep sweep)
{
    private const int MostTries = 4;

    /// <summary>Deletes them.</summary>
    /// <param name="chooses">Whether a group is chosen, by its key.</param>
    /// <param name="olderThan">If given, only those to which nothing was pushed for longer; see <see cref="GroupAge"/>.</param>
    /// <param name="expected">If given, how many there must be. One that is pushed to at that very moment stays all the same.</param>
    public DeletedTogether Delete(Func<GroupingKey, bool> chooses, TimeSpan? olderThan = null, long? expected = null)
    {
        sweep.ExpireDue();
        var chosen = new ChosenGroups(state, chooses, olderThan);
        DeletedTogether? deleted = null;
        for (int tries = 1; deleted is null; tries++)
        {
            chosen.ChooseFrom(state.Maps.Newest);

            // The inner scope runs the steps that follow when it ends; the outer one keeps wipes and other deletes of many groups out until
            // then.
            using (writer.EnterClosing())
            using (writer.Enter())
            {
                if (tries >= MostTries)
                {
                    // Others have had all changes merged each time: the groups are compared with those of before, one by one.
                    chosen.ChooseFrom(state.Maps.Newest);
                }

                if (chosen.TryFollow(state.Maps.Newest))
                {
                    deleted = expected is { } count && chosen.Count is var there && there != count
                        ? new DeletedTogether(there, 0, IsDone: false)
                        : Remove(chosen);
                }
            }
        }

        state.Observers.TellEnds();
        return deleted.Value;
    }

    private DeletedTogether Remove(ChosenGroups chosen)
    {
        (GroupSlot[] closed, GroupMap left) = chosen.Close(out long samples, out long bytes);
        publisher.RemoveTogether(closed, left, samples, bytes);
        return new DeletedTogether(closed.Length, samples, IsDone: true);
    }
}
