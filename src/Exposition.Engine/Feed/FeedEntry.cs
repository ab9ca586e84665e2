using Exposition.Engine.Groups;

namespace Exposition.Engine.Feed;

/// <summary>A group's place in a feed. Passes on to the next group of the same key as long as the deletion was not taken.</summary>
internal sealed class FeedEntry(ChangeFeed feed, GroupSlot slot)
{
    private GroupSlot _slot = slot;
    private bool _isQueued;

    /// <summary>Whose it is.</summary>
    public ChangeFeed Feed => feed;

    /// <summary>Whether the feed is told of the group.</summary>
    public bool IsWanted { get; } = feed.Wants(slot.Key);

    /// <summary>The group, or the last one of its key.</summary>
    public GroupSlot Slot
    {
        get => Volatile.Read(ref _slot);
        set => Volatile.Write(ref _slot, value);
    }

    /// <summary>Whether it is in the feed's queue: the consumer has yet to look at the group. Changed under the feed's lock.</summary>
    public bool IsQueued
    {
        get => Volatile.Read(ref _isQueued);
        set => Volatile.Write(ref _isQueued, value);
    }

    /// <summary>Version of the last snapshot that was taken. The consumer's own.</summary>
    public long LastTaken { get; set; }

    /// <summary>The last failure that was taken. The consumer's own.</summary>
    public PushFailure? LastFailureTaken { get; set; }
}
