using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine.Publishing;

// What a change entails may be much more than the change: many families count no more, or may be shown that were hidden. Who holds the
// writer lock for that lets others in between the steps. Until the last of them
//   - what has gone may count still: what contradicts something then is looked at again after that (PushPublisher);
//   - what could be shown may be hidden still.
// Whoever has made the change takes the steps before it is answered.

/// <summary>The steps that follow from changes.</summary>
internal sealed class FollowUp(StoreState state, WriterLock writer, Publisher publisher, Unhiding unhiding)
{
    private const int MostAttempts = 5;

    // Ended under one hold of the writer lock: a fraction of a millisecond.
    private const int EndedAtOnce = 64;

    /// <summary>Takes so many steps; outside of the writer lock.</summary>
    public void Take(int left)
    {
        int attempts = 0;
        while (left > 0)
        {
            GroupSlot? large;
            using (writer.Enter(takesSteps: false))
            {
                int before = writer.StepsLeft;
                large = TakeStep();
                left = writer.StepsLeft == 0 ? 0 : left + writer.StepsLeft - before;
            }

            if (large is null)
            {
                attempts = 0;
            }
            else if (unhiding.ShowSomeOf(large) is not 0 and var steps)
            {
                left -= steps;
                attempts = 0;
            }
            else if (++attempts > MostAttempts)
            {
                // Other pushes change the group all the time.
                using (writer.Enter(takesSteps: false))
                {
                    TakeAll();
                }

                return;
            }
        }
    }

    // Under the writer lock. Says which group is to be drafted before the next step.
    private GroupSlot? TakeStep()
    {
        writer.AssertHeld();
        if (state.LeavingGroups.Count > 0)
        {
            for (int i = 0; i < EndedAtOnce && state.LeavingGroups.TryTake(out GroupSlot? slot, out bool isInNoView); i++)
            {
                publisher.EndLeaving(slot, isInNoView);
            }

            return null;
        }

        if (state.Directory.Leaving > 0)
        {
            state.Directory.RemoveSome();
            return null;
        }

        if (state.Directory.ChangedHidden > 0)
        {
            state.Directory.SeeToHidden();
            return null;
        }

        return unhiding.ShowSome(null, isAlone: false);
    }

    /// <summary>Takes all that are left; under the writer lock.</summary>
    public void TakeAll()
    {
        writer.AssertHeld();
        while (writer.StepsLeft > 0)
        {
            if (TakeStep() is { } large)
            {
                unhiding.ShowSome(GroupDraft.Like(large.Current!), isAlone: true);
            }
        }
    }
}
