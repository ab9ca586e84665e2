using System.Buffers.Text;
using System.Diagnostics;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Engine.Remembering;

namespace Exposition.Engine;

/// <summary>
/// A group as one push left it. Does not change, but for <see cref="LastFailure"/>, while it is in use: until the view that contains it is
/// disposed of, the feed consumer that took it releases it, or the pin on its slot ends. After that the object and its memory are reused
/// for another snapshot; see <see cref="Publishing.StoreState"/>.
/// </summary>
[DebuggerDisplay("{Key} {Version}, {_count} families")]
internal sealed class GroupSnapshot
{
    private readonly FamilyEntry[] _families;
    private readonly HiddenFamily[] _hidden;
    private GroupSlot? _slot;
    private int _count;
    private byte[]? _pushTime;
    private long _publishedAt;
    private int _takers;
    private GroupSnapshot? _previous;

    internal GroupSnapshot(GroupSlot slot, FamilyEntry[] families, HiddenFamily[] hidden)
    {
        (_slot, Group, BoundaryLevel) = (slot, slot.Serial, slot.BoundaryLevel);
        _families = families;
        _count = families.Length;
        _hidden = hidden;
    }

    private GroupSnapshot(int room)
    {
        _families = room == 0 ? [] : new FamilyEntry[room];
        _hidden = [];
    }

    /// <summary>The group's labels.</summary>
    public GroupingKey Key => _slot!.Key;

    /// <summary>The families in byte order of their names, push_time_seconds and push_failure_time_seconds among them.</summary>
    public ReadOnlySpan<FamilyEntry> Families => _families.AsSpan(0, _count);

    /// <summary>Those of them that scrapes leave out, and why.</summary>
    public ReadOnlySpan<HiddenFamily> Hidden => _hidden;

    /// <summary>
    /// When the group's series expire, or, of an expired group, when they did, in the store's own time; 0 for never. What is shown and kept
    /// of it is <see cref="MetricStore.ExpiryOf"/>.
    /// </summary>
    public long ExpiresAt { get; internal set; }

    /// <summary>Whether the last push itself said when, or that never, its series expire; else the rules did.</summary>
    public bool HasExplicitExpiry { get; internal set; }

    /// <summary>Whether they have expired: only the push times and push_expired are left.</summary>
    public bool IsExpired { get; internal init; }

    /// <summary>The last push to the group that was refused, as far as the store was told; it may be later than the snapshot.</summary>
    public PushFailure? LastFailure => _slot!.LastFailure;

    /// <summary>Its push_time_seconds; null where it has none.</summary>
    internal double? PushTime => double.IsNegativeInfinity(PushedAt) ? null : PushedAt;

    /// <summary>Its push_failure_time_seconds; null where it has none.</summary>
    internal double? FailureTime => double.IsNegativeInfinity(FailedAt) ? null : FailedAt;

    /// <summary>Whether push_failure_time_seconds is not later than push_time_seconds (true where one is missing).</summary>
    public bool LastPushSuccessful => FailureTime is not { } failure || PushTime is not { } success || failure <= success;

    internal GroupSlot Slot => _slot!;

    // To be brought into the cache before it is needed.
    internal FamilyEntry[] FamilyArray => _families;

    internal HiddenFamily[] HiddenArray => _hidden;

    // See GroupSize. Repeat pushes leave both as they are.
    internal long Size { get; set; }

    internal long SampleCount { get; set; }

    // What the group remembers beside its families; null for nothing. Repeat pushes leave it as it is.
    internal GroupMemory? Memory { get; set; }

    // The number of its newest id (see PushIds), 0 where it never had one, and what those count for in its size.
    internal long IdCount { get; set; }

    internal long IdBytes { get; set; }

    // Its push_time_seconds and push_failure_time_seconds as numbers, so that a scan of many groups parses no text; negative infinity
    // where it has none. Repeat pushes leave the second as it is.
    internal double PushedAt { get; set; }

    internal double FailedAt { get; set; }

    // When it was published (see Timeline). Snapshots of one group may have the same stamp; their versions differ.
    internal long PublishedAt => Volatile.Read(ref _publishedAt);

    // Identifies the slot (GroupSlot.Serial), and with the version what the snapshot holds: the same objects may hold something else later.
    internal long Group { get; private set; }

    // See GroupSlot.BoundaryLevel.
    internal byte BoundaryLevel { get; private set; }

    // Counts the snapshots of the group, and goes on counting in a later group of the same key.
    internal long Version { get; set; }

    // The version since which the group has had the same lines but for their values, and the same families but for their push times.
    internal long SeriesSince { get; set; }

    // The blocks that its pieces lie in (see BlockLedger): the newest, and those of earlier pushes. Pieces of restored groups and the
    // lines of the store's own families may lie elsewhere. Set before publication.
    internal Block? Block { get; set; }

    internal Block[] OlderBlocks { get; set; } = [];

    // How much memory that is.
    internal long BlockBytes
    {
        get
        {
            long bytes = Block?.Bytes.Length ?? 0;
            foreach (Block older in OlderBlocks)
            {
                bytes += older.Bytes.Length;
            }

            return bytes;
        }
    }

    // Whether it stands for the group's end: nothing takes its place any more.
    internal bool IsEnd { get; private set; }

    // Whether consumers of feeds have it.
    internal bool IsTaken => Volatile.Read(ref _takers) != 0;

    // What was newest before, while a view may be on its way to it (see GroupVersions).
    internal GroupSnapshot? Previous
    {
        get => Volatile.Read(ref _previous);
        set => Volatile.Write(ref _previous, value);
    }

    // The end of a group. It is in nobody's view: whether a view has the group at all is for the map to say. Where there is one that was
    // made ahead, for whichever group, it becomes that.
    internal static GroupSnapshot End(GroupSlot slot, GroupSnapshot last, GroupSnapshot? ahead = null)
    {
        GroupSnapshot end = ahead ?? Empty(0);
        (end._slot, end.Group, end.BoundaryLevel) = (slot, slot.Serial, slot.BoundaryLevel);
        (end._publishedAt, end.Version, end.IsEnd, end.Previous) = (Timeline.Never, last.Version + 1, true, last);
        return end;
    }

    // Room for families that is not used yet.
    internal static GroupSnapshot Empty(int room) => new(room);

    // How many families there is room for.
    internal int Room => _families.Length;

    // Where a repeat push puts the line of its push time. It goes with the snapshot.
    internal Span<byte> PushTimeBuffer(int length)
    {
        if (_pushTime is null || _pushTime.Length < length)
        {
            _pushTime = new byte[BlockPool.SizeFor(Math.Max(length, 128))];
        }

        return _pushTime;
    }

    internal ReadOnlyMemory<byte> PushTimeLine(int length) => _pushTime.AsMemory(0, length);

    // A consumer takes it, and keeps its blocks until it releases it. The slot is pinned, and the snapshot was its newest since.
    internal void TakeFor(ChangeFeed feed)
    {
        if ((Interlocked.Or(ref _takers, feed.Bit) & feed.Bit) == 0)
        {
            Block?.AddReader();
            foreach (Block older in OlderBlocks)
            {
                older.AddReader();
            }
        }
    }

    // Whether the consumer had it: then its blocks are the caller's to release.
    internal bool ReleaseFor(ChangeFeed feed) => (Interlocked.And(ref _takers, ~feed.Bit) & feed.Bit) != 0;

    // Makes an empty snapshot one of a group, like the one before: the families are for the caller to change. Nobody else has it yet.
    internal Span<FamilyEntry> Follow(GroupSnapshot before)
    {
        (_slot, Group, BoundaryLevel) = (before._slot, before.Group, before.BoundaryLevel);
        _count = before._count;
        Version = before.Version + 1;
        SeriesSince = before.SeriesSince;
        (Size, SampleCount, PushedAt, FailedAt) = (before.Size, before.SampleCount, before.PushedAt, before.FailedAt);
        (Memory, IdCount, IdBytes) = (before.Memory, before.IdCount, before.IdBytes);
        before.Families.CopyTo(_families);
        return _families.AsSpan(0, _count);
    }

    // Nobody has it any more: it keeps nothing alive, and is as new.
    internal void Clear()
    {
        Array.Clear(_families, 0, _count);
        _slot = null;
        _count = 0;
        _publishedAt = Timeline.Unstamped;
        _takers = 0;
        (Block, OlderBlocks) = (null, []);
        _previous = null;
        Memory = null;
        ExpiresAt = 0;
        HasExplicitExpiry = false;
    }

    internal long Stamp(Timeline timeline) => timeline.Stamp(ref _publishedAt);

    // The first snapshot of a group that the map does not have yet.
    internal void StampAsFirst() => _publishedAt = Timeline.Ever;

    /// <summary>Finds a family by name.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out FamilyEntry entry)
    {
        int at = IndexOf(Families, name);
        entry = at >= 0 ? _families[at] : default;
        return at >= 0;
    }

    internal bool IsHidden(ReadOnlySpan<byte> name) =>
        !Hidden.IsEmpty && TryGet(name, out FamilyEntry entry) && entry.IsHidden;

    internal static int IndexOf(ReadOnlySpan<FamilyEntry> families, ReadOnlySpan<byte> name)
    {
        int low = 0, high = families.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = families[middle].Name.Span.SequenceCompareTo(name);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    // The value of the first sample of a family of times; a family without samples has none.
    internal static bool TryGetTime(ReadOnlySpan<FamilyEntry> families, ReadOnlySpan<byte> name, out double seconds)
    {
        seconds = 0;
        int at = IndexOf(families, name);
        if (at < 0 || families[at].Text.IsEmpty)
        {
            return false;
        }

        ReadOnlySpan<byte> text = families[at].Text.Span;
        ReadOnlySpan<byte> line = text[..text.IndexOf((byte)'\n')];
        ReadOnlySpan<byte> value = line[(line.LastIndexOf((byte)' ') + 1)..];
        if (Utf8Parser.TryParse(value, out seconds, out int used) && used == value.Length)
        {
            return true;
        }

        seconds = value.SequenceEqual("+Inf"u8)
            ? double.PositiveInfinity
            : value.SequenceEqual("-Inf"u8) ? double.NegativeInfinity : double.NaN;
        return true;
    }
}
