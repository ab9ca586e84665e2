using System.Diagnostics;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine;

// What a change entails may be much more than the change: many families count no more, or may be shown that were hidden. Who holds the
// writer lock for that lets others in between the steps. Until the last of them
//   - what has gone may count still: what contradicts something then is looked at again after that (TryPublish);
//   - what could be shown may be hidden still.
// Whoever has made the change takes the steps before it is answered.

public sealed partial class MetricStore
{
    private const int MostAttempts = 5;

    private int _isMerging;

    private int StepsLeft => _directory.Leaving + _directory.ChangedHidden + _directory.Freed;

    // The writer lock. Its holder may read the snapshots of all groups: none of them is used again meanwhile.
    private WriterScope EnterWriter(bool takesSteps = true)
    {
        Explored.WaitFor(_writer);
        _writer.Enter();
        Explored.Step("HoldWriter");
        _timeline.BeginWrite();
        Explored.Fault("PinsNothing", _timeline.EndWrite);
        return new WriterScope(this, takesSteps ? StepsLeft : int.MaxValue);
    }

    // What is said to be done under the writer lock is.
    [Conditional("DEBUG")]
    private void AssertWriterLock() => Debug.Assert(_writer.IsHeldByCurrentThread, "the writer lock is not held");

    private void TakeSteps(int left)
    {
        int attempts = 0;
        while (left > 0)
        {
            GroupSlot? large;
            using (EnterWriter(takesSteps: false))
            {
                int before = StepsLeft;
                large = TakeStep();
                left = StepsLeft == 0 ? 0 : left + StepsLeft - before;
            }

            if (large is null)
            {
                attempts = 0;
            }
            else if (ShowSomeOf(large) is not 0 and var steps)
            {
                left -= steps;
                attempts = 0;
            }
            else if (++attempts > MostAttempts)
            {
                // Others change the group all the time.
                using (EnterWriter(takesSteps: false))
                {
                    TakeAllSteps();
                }

                return;
            }
        }
    }

    // Under the writer lock. Says which group is to be drafted before the next step.
    private GroupSlot? TakeStep()
    {
        AssertWriterLock();
        if (_directory.Leaving > 0)
        {
            _directory.RemoveSome();
            return null;
        }

        if (_directory.ChangedHidden > 0)
        {
            _directory.SeeToHidden();
            return null;
        }

        return ShowSome(null, isAlone: false);
    }

    // Under the writer lock.
    private void TakeAllSteps()
    {
        AssertWriterLock();
        while (StepsLeft > 0)
        {
            if (TakeStep() is { } large)
            {
                ShowSome(GroupDraft.Like(large.Current!), isAlone: true);
            }
        }
    }

    // On another thread: whoever has made the last of many changes must not wait for that.
    private void MergeMap()
    {
        if (Volatile.Read(ref _map).IsOverdue && Interlocked.Exchange(ref _isMerging, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static store => store.MergeOverdueMap(), this, preferLocal: false);
        }
    }

    private void MergeOverdueMap()
    {
        try
        {
            Action<GroupMap> end = Volatile.Read(ref _map).Merge();
            Explored.WaitFor(_writer);
            lock (_writer)
            {
                end(_map);
            }
        }
        catch (OutOfMemoryException)
        {
            // The next change tries again, and so does whoever looks at the groups.
        }
        finally
        {
            Volatile.Write(ref _isMerging, 0);
        }
    }

    private readonly ref struct WriterScope(MetricStore store, int stepsBefore)
    {
        public void Dispose()
        {
            int steps = store.StepsLeft;
            Explored.Fault("PinsNothing", store._timeline.BeginWrite);
            store._timeline.EndWrite();
            store._writer.Exit();
            Explored.Step("LeftWriter");
            store._retired.LookAfterWriter();
            if (steps > stepsBefore)
            {
                store.TakeSteps(steps);
            }

            store.MergeMap();
        }
    }
}
