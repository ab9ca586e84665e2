using System.Diagnostics;
using System.Numerics;
using Exposition.Engine.Explore;
using Exposition.Engine.Feed;
using Exposition.Engine.Remembering;
using Exposition.Engine.Repeats;

namespace Exposition.Engine.Groups;

/// <summary>A group's place: its identity, and the snapshot that a push swaps. Lives as long as the group.</summary>
[DebuggerDisplay("{Key}: {Current}, {Pins} pins")]
internal sealed class GroupSlot(GroupingKey key, NameSet names)
{
    private GroupSnapshot? _current;
    private PushShape? _shape;
    private ShapePatience? _patience;
    private PushFailure? _lastFailure;
    private PushIds? _ids;
    private FeedEntry[] _entries = [];
    private ulong _shardHash;
    private LogPlace? _place;
    private int _pins;
    private bool _leavesTogether;

    /// <summary>Its place in the queue of deadlines, or -1. The queue's own.</summary>
    public int QueueIndex = -1;

    /// <summary>The same in the queue of those who may become overdue.</summary>
    public int OverdueIndex = -1;

    public GroupingKey Key { get; } = key;

    public NameSet Names { get; } = names;

    /// <summary>Identifies the slot: none of this process ever has it again.</summary>
    public long Serial { get; } = EntrySerial.Next();

    /// <summary>
    /// Geometric level from the key's hash: n with a probability of 2^-(n+1). Boundaries of the stretches of compressed scrapes fall on
    /// groups with a high level (content-defined chunking).
    /// </summary>
    public byte BoundaryLevel { get; } = (byte)BitOperations.TrailingZeroCount(key.GetHashCode());

    /// <summary>The shape of the last push, where it has one. Set by the cache.</summary>
    public PushShape? Shape
    {
        get => Volatile.Read(ref _shape);
        set => Volatile.Write(ref _shape, value);
    }

    /// <summary>How long to wait with the next attempt at a shape. Only a guide: pushes of one group that race may count wrongly.</summary>
    public ShapePatience Patience => _patience ??= new ShapePatience();

    /// <summary>
    /// After how many nanoseconds without a push the rules let its series expire; 0 for never, -1 if they were not asked yet.
    /// </summary>
    public long RuleAfter { get; set; } = -1;

    /// <summary>What the rules say of pushes that say no mode themselves; null if they were not asked yet.</summary>
    public PushMode? RuleMode { get; set; }

    /// <summary>The ids of the last pushes; null where none had one.</summary>
    public PushIds? Ids
    {
        get => Volatile.Read(ref _ids);
        set => Volatile.Write(ref _ids, value);
    }

    /// <summary>What a rule that says how often the group is pushed to lets it show; null if the rules were not asked yet.</summary>
    public OverdueMark? Overdue { get; set; }

    /// <summary>See <see cref="Shard"/>. Computed when it is asked for first.</summary>
    public ulong ShardHash => _shardHash != 0 ? _shardHash : _shardHash = Shard.HashOf(Key);

    /// <summary>
    /// How it stands in the log of several nodes; null where there is none. Written after the snapshot: who reads it before that has no
    /// later one than what it reads.
    /// </summary>
    public LogPlace? Place { get => Volatile.Read(ref _place); set => Volatile.Write(ref _place, value); }

    /// <summary>See <see cref="LogPlace.Revision"/>; 0 where there is no log.</summary>
    public long Revision => Place?.Revision ?? 0;

    /// <summary>Whether it is deleted together with others, and feeds of snapshots are told of all of them at once.</summary>
    public bool LeavesTogether { get => Volatile.Read(ref _leavesTogether); set => Volatile.Write(ref _leavesTogether, value); }

    /// <summary>Whether the newest map has it; under the store's writer lock.</summary>
    public bool IsInMap { get; set; }

    /// <summary>Whether the last push to it was refused, for whatever reason; set under the store's writer lock.</summary>
    public bool IsFailing { get; set; }

    /// <summary>Whether it counts as overdue; set under the store's writer lock.</summary>
    public bool IsOverdue { get; set; }

    /// <summary>Hidden families of other groups that wait for this group to change; under the store's writer lock.</summary>
    public WaitingFamilies? Waiting { get; set; }

    /// <summary>Whether the group has been deleted. It never comes back; a new one of the same key gets another slot.</summary>
    public bool IsRemoved => Current is { IsEnd: true };

    /// <summary>The last push to the group that was refused.</summary>
    public PushFailure? LastFailure
    {
        get => Volatile.Read(ref _lastFailure);
        set => Volatile.Write(ref _lastFailure, value);
    }

    /// <summary>The newest snapshot. Set only where nobody else knows the slot yet.</summary>
    public GroupSnapshot? Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }

    /// <summary>How many read what is or was the newest snapshot.</summary>
    public int Pins => Volatile.Read(ref _pins);

    /// <summary>Puts a snapshot in the place of another, if that is the newest.</summary>
    public bool TryReplace(GroupSnapshot old, GroupSnapshot snapshot)
    {
        Explored.Step("ReplaceSlot");
        return ReferenceEquals(Interlocked.CompareExchange(ref _current, snapshot, old), old);
    }

    /// <summary>From here to <see cref="Unpin"/> nobody else uses a snapshot of the group again that was its newest meanwhile.</summary>
    public void Pin()
    {
        Explored.Step("PinSlot");
        Interlocked.Increment(ref _pins);
    }

    /// <summary>Ends <see cref="Pin"/>.</summary>
    public void Unpin()
    {
        Explored.Step("UnpinSlot");
        int left = Interlocked.Decrement(ref _pins);
        Debug.Assert(left >= 0, "unpinned more often than pinned");
    }

    /// <summary>The group's entry in a feed; made by the first who asks.</summary>
    public FeedEntry EntryOf(ChangeFeed feed)
    {
        while (true)
        {
            FeedEntry[] entries = Volatile.Read(ref _entries);
            foreach (FeedEntry entry in entries)
            {
                if (ReferenceEquals(entry.Feed, feed))
                {
                    return entry;
                }
            }

            AddEntry(entries, new FeedEntry(feed, this));
        }
    }

    /// <summary>Takes over the entry of a deleted group of the same key. Called before anybody else knows the slot.</summary>
    public void Inherit(FeedEntry entry) => AddEntry(_entries, entry);

    private void AddEntry(FeedEntry[] entries, FeedEntry entry)
    {
        FeedEntry[] next = [.. entries.Where(static other => !other.Feed.IsDisposed), entry];
        Interlocked.CompareExchange(ref _entries, next, entries);
    }
}
