namespace Exposition.Store.Internal;

// Whoever has changed a group makes sure that its entry is in the feed's queue before it answers. The state tells whether that needs doing:
//
//   clean --claim--> claimed --(put into the queue)--> queued          by who claimed it
//     ^----------------+--------------------------------+              by the consumer, after it took the entry out and before it looks at the group
//
// Who finds "queued" may go: the consumer has yet to look at the group. Who finds "claimed" cannot know how far the claimer has come, and does not
// wait for it but puts the entry into the queue, too; the consumer passes over what it has seen already. Each claim has its own number (the upper
// bits), so that a claimer that was slow does not say "queued" of an entry that the consumer has taken since.

/// <summary>A group's place in a feed. Passes on to the next group of the same key as long as the deletion was not taken.</summary>
internal sealed class FeedEntry(ChangeFeed feed, GroupSlot slot)
{
    private const long PhaseMask = 3;
    private const long Claimed = 1;
    private const long Queued = 2;

    private GroupSlot _slot = slot;
    private long _state;

    /// <summary>Whose it is.</summary>
    public ChangeFeed Feed => feed;

    /// <summary>The group, or the last one of its key.</summary>
    public GroupSlot Slot
    {
        get => Volatile.Read(ref _slot);
        set => Volatile.Write(ref _slot, value);
    }

    /// <summary>Number of the last snapshot that was taken. The consumer's own.</summary>
    public long LastTaken { get; set; }

    /// <summary>The last failure that was taken. The consumer's own.</summary>
    public PushFailure? LastFailureTaken { get; set; }

    /// <summary>Whether the caller, who has changed the group, must put the entry into the queue.</summary>
    /// <param name="claim">What to call <see cref="MarkQueued"/> with afterwards; 0 for nothing.</param>
    public bool MustBeQueued(out long claim)
    {
        while (true)
        {
            Interleaving.At(Step.ReadEntry);
            long state = Volatile.Read(ref _state);
            claim = 0;
            if ((state & PhaseMask) != 0)
            {
                return (state & PhaseMask) == Claimed;
            }

            Interleaving.At(Step.ClaimEntry);
            if (Interlocked.CompareExchange(ref _state, state + Claimed, state) == state)
            {
                claim = state + Claimed;
                return true;
            }
        }
    }

    /// <summary>The entry is in the queue.</summary>
    public void MarkQueued(long claim)
    {
        if (claim != 0)
        {
            Interleaving.At(Step.MarkQueued);
            Interlocked.CompareExchange(ref _state, claim - Claimed + Queued, claim);
        }
    }

    /// <summary>The entry is out of the queue, and its group is looked at next.</summary>
    public void Clear()
    {
        long state;
        do
        {
            Interleaving.At(Step.ClearEntry);
            state = Volatile.Read(ref _state);
        }
        while (Interlocked.CompareExchange(ref _state, (state & ~PhaseMask) + PhaseMask + 1, state) != state);
    }
}
