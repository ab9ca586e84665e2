using System.Diagnostics;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Publishing;

/// <summary>
/// The one lock under which all is changed but the snapshots of repeat pushes (see <see cref="StoreState"/>), held for a fraction of a
/// millisecond at a time; and the lock of those who close families, which is taken before it.
/// </summary>
internal sealed class WriterLock(StoreState state)
{
    private readonly Lock _closing = new();

    /// <summary>What follows from changes; set when the store is put together.</summary>
    public FollowUp FollowUp { get; set; } = null!;

    /// <summary>How many steps follow from the changes so far.</summary>
    public int StepsLeft => state.LeavingGroups.Count + state.Directory.Leaving + state.Directory.ChangedHidden + state.Directory.Freed;

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

    /// <inheritdoc cref="LockExtensions.AssertHeld"/>
    [Conditional("DEBUG")]
    public void AssertHeld() => state.Lock.AssertHeld();

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
            FollowUp.Take(steps);
        }

        state.Maps.MergeIfOverdue();
    }

    /// <summary>Holds the writer lock until it is disposed of.</summary>
    internal readonly ref struct WriterScope(WriterLock writer, int stepsBefore)
    {
        public void Dispose() => writer.Leave(stepsBefore);
    }

    /// <summary>Holds the lock of those who close families until it is disposed of; by default none.</summary>
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
