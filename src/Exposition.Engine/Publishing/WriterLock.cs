using System.Diagnostics;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Publishing;

/// <summary>
/// The one lock under which all is changed but the snapshots of steady pushes; see StoreState. Held for a fraction of a
/// millisecond at a time.
/// </summary>
internal sealed class WriterLock(StoreState state)
{
    private readonly Lock _closing = new();
    private int _isMerging;

    /// <summary>What follows from changes; set when the store is put together.</summary>
    public FollowUp? FollowUp { get; set; }

    /// <summary>How many steps follow from the changes so far.</summary>
    public int StepsLeft => state.Directory.Leaving + state.Directory.ChangedHidden + state.Directory.Freed;

    /// <summary>Takes the writer lock. Its holder may read the snapshots of all groups: none of them is used again meanwhile.</summary>
    /// <param name="takesSteps">Whether the caller takes the steps that follow from his change when he has left.</param>
    public WriterScope Enter(bool takesSteps = true)
    {
        Explored.WaitFor(state.Lock);
        state.Lock.Enter();
        Explored.Step("HoldWriter");
        state.Groups.Timeline.BeginWrite();
        Explored.Fault("PinsNothing", state.Groups.Timeline.EndWrite);
        return new WriterScope(this, takesSteps ? StepsLeft : int.MaxValue);
    }

    /// <summary>Nobody has closed families but who has entered this. Taken before turns and the writer lock.</summary>
    public ClosingScope EnterClosing()
    {
        Explored.WaitFor(_closing);
        _closing.Enter();
        return new ClosingScope(_closing);
    }

    /// <summary>What is said to be done under the writer lock is.</summary>
    [Conditional("DEBUG")]
    public void AssertHeld() => Debug.Assert(state.Lock.IsHeldByCurrentThread, "the writer lock is not held");

    private void Leave(int stepsBefore)
    {
        int steps = StepsLeft;
        Explored.Fault("PinsNothing", state.Groups.Timeline.BeginWrite);
        state.Groups.Timeline.EndWrite();
        state.Lock.Exit();
        Explored.Step("LeftWriter");
        state.Blocks.Retired.LookAfterWriter();
        if (steps > stepsBefore)
        {
            FollowUp!.Take(steps);
        }

        MergeMap();
    }

    // On another thread: whoever has made the last of many changes must not wait for that.
    private void MergeMap()
    {
        if (state.Groups.Map.IsOverdue && Interlocked.Exchange(ref _isMerging, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static writer => writer.MergeOverdueMap(), this, preferLocal: false);
        }
    }

    private void MergeOverdueMap()
    {
        try
        {
            Action<GroupMap> end = state.Groups.Map.Merge();
            Explored.WaitFor(state.Lock);
            lock (state.Lock)
            {
                end(state.Groups.Map);
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

    /// <summary>Holds the writer lock until it is disposed of.</summary>
    internal readonly ref struct WriterScope(WriterLock writer, int stepsBefore)
    {
        public void Dispose() => writer.Leave(stepsBefore);
    }

    /// <summary>Keeps families closed to others until it is disposed of.</summary>
    internal readonly ref struct ClosingScope(Lock? closing)
    {
        public void Dispose()
        {
            if (closing is not null)
            {
                closing.Exit();
                Explored.Step("LeftTurn");
            }
        }
    }
}
