using System.Runtime.InteropServices;
using Exposition.Formats;
using Exposition.Store.Internal;
using Exposition.Store.Internal.Shapes;

namespace Exposition.Store;

// Writers take one short lock: check against other groups and publication must be one step. Everything expensive (reading, sorting,
// rendering) happens before it. Readers take no lock.
//
// Linearization: each publication gets the next value of _clock as its version; it takes effect when _clock is set to that value, which
// is the last thing a writer does. A view reads _clock once and shows, of every slot, the newest snapshot that is not younger. So that
// it is still there, a writer that sees a collecting view links the new snapshot to the old one (Previous); a writer that did not see
// the view yet may cut that link, in which case the view finds no snapshot that is old enough and collects again. Slots are created and
// deleted by replacing _map, which carries the version of that change: a map younger than the clock that was read is read again.

/// <summary>The groups of pushed metrics. Safe for concurrent use; readers never wait for writers.</summary>
public sealed partial class MetricStore
{
    // As much as a burst of pushes turns over while a scrape is open.
    private const long SpareBytesMost = 32 << 20;

    private readonly Lock _writer = new();
    private readonly Dictionary<byte[], GroupSlot> _slots = new(Utf8Key.Comparer);
    private readonly FamilyDirectory _directory = new();
    private readonly CrossGroupRules _rules;
    private readonly List<ChangeFeed> _feeds = [];
    private readonly FamilySet _restored = new();
    private GroupMap _map = GroupMap.Empty;
    private long _clock;
    private int _collecting;
    private int _openViews;
    private long _collectFloor;
    private long _samples;

    /// <summary>Makes an empty store.</summary>
    public MetricStore(StoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
        _blocks = new BlockPool(SpareBytesMost, poison: options.VerifyShapes);
        _shapes = options.ShapeCacheBytes > 0 ? new ShapeCache(options.ShapeCacheBytes, options.Time) : null;
        _rules = new CrossGroupRules(_directory, key => Find(key.Span));
    }

    /// <summary>The options that the store was made with.</summary>
    public StoreOptions Options { get; }

    /// <summary>Number of groups.</summary>
    public int GroupCount => Volatile.Read(ref _map).Count;

    /// <summary>Number of sample lines over all groups, the store's own two per group included.</summary>
    public long SampleCount => Volatile.Read(ref _samples);

    /// <summary>Reads, checks and stores a body.</summary>
    /// <param name="key">The group.</param>
    /// <param name="format">The body's language.</param>
    /// <param name="body">The decoded body; not used after the return.</param>
    /// <param name="mode">What becomes of the group's other families.</param>
    /// <returns>What became of it; a refusal says why in the reference's words.</returns>
    public PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (_shapes is not null && format == PushFormat.Text && TryPushRepeated(key, body, mode))
        {
            return new PushOutcome(Options.CheckConsistency ? PushStatus.Stored : PushStatus.Accepted);
        }

        PushWorkspace workspace = PushWorkspace.Rent();
        try
        {
            FamilySet set = workspace.Families;
            bool read = format == PushFormat.Text
                ? TextFormat.TryRead(body, new TextReadOptions(Options.Names, Lenient: true), set, out FormatError malformed)
                : ProtobufFormat.TryRead(body, set, out malformed);
            if (!read)
            {
                return new PushOutcome(PushStatus.Malformed, malformed.ToString());
            }

            long now = UnixNanoseconds();
            var push = new PendingPush(workspace, key, now);
            string? error = PushRules.HasTimestamps(set)
                ? "pushed metrics must not have timestamps"
                : push.Prepare(leaveOut: !Options.CheckConsistency);
            error ??= Publish(push, mode, format == PushFormat.Text ? body : default);
            if (error is null)
            {
                return new PushOutcome(Options.CheckConsistency ? PushStatus.Stored : PushStatus.Accepted);
            }

            RecordFailure(workspace, key, now);
            return Options.CheckConsistency
                ? new PushOutcome(PushStatus.Inconsistent, "pushed metrics are invalid or inconsistent with existing metrics: " + error)
                : new PushOutcome(PushStatus.Accepted);
        }
        finally
        {
            PushWorkspace.Return(workspace);
        }
    }

    /// <summary>Removes a group.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Delete(GroupingKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        lock (_writer)
        {
            if (Find(key.Bytes) is not { } slot)
            {
                return false;
            }

            Remove(slot);
            return true;
        }
    }

    /// <summary>Removes all groups that are there now.</summary>
    /// <returns>How many there were.</returns>
    public int Wipe()
    {
        int removed = 0;
        foreach (GroupSlot slot in Volatile.Read(ref _map).Slots)
        {
            removed += Delete(slot.Key) ? 1 : 0;
        }

        return removed;
    }

    /// <summary>Opens a view of all groups at one point in time. Takes no lock.</summary>
    public StoreView OpenView()
    {
        StoreView? view = null;
        Interlocked.Increment(ref _openViews);
        if (Interlocked.Increment(ref _collecting) == 1)
        {
            Volatile.Write(ref _collectFloor, Volatile.Read(ref _clock));
        }

        try
        {
            while (true)
            {
                long now = Volatile.Read(ref _clock);
                GroupMap map = Volatile.Read(ref _map);
                if (map.Version <= now && TryCollect(map, now) is { } groups)
                {
                    return view = new StoreView(this, groups);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _collecting);
            if (view is null)
            {
                CloseView();
            }
        }
    }

    internal void CloseView() => Interlocked.Decrement(ref _openViews);

    /// <summary>Starts a feed of the changes from now on.</summary>
    public ChangeFeed Subscribe()
    {
        var feed = new ChangeFeed(Options.Time);
        lock (_writer)
        {
            _feeds.Add(feed);
        }

        return feed;
    }

    /// <summary>Puts a group back as a durable copy has kept it, in place of one that is there. It does not appear in change feeds.</summary>
    /// <param name="key">The group.</param>
    /// <param name="families">Its families in byte order of their names; their memory is kept.</param>
    /// <exception cref="InvalidOperationException">A family does not read back.</exception>
    public void Restore(GroupingKey key, ReadOnlySpan<FamilyEntry> families)
    {
        ArgumentNullException.ThrowIfNull(key);
        FamilyEntry[] entries = families.ToArray();
        lock (_writer)
        {
            GroupSlot? slot = Find(key.Bytes);
            FamilySet set = _restored;
            for (int i = 0; i < entries.Length; i++)
            {
                if (!entries[i].Text.IsEmpty)
                {
                    entries[i].Read(set);
                    string? error = _rules.Error(set, 0, slot?.Current, slot?.Names ?? _directory.Find(key), entries);
                    entries[i] = entries[i] with { Traits = error is null ? entries[i].Traits & ~FamilyTraits.Suspect : entries[i].Traits | FamilyTraits.Suspect };
                }
            }

            set.Reset();
            Publish(slot, key, entries, tell: false);
        }
    }

    /// <summary>Names a family of the host itself, so that pushes cannot contradict it.</summary>
    /// <param name="name">The family's name.</param>
    /// <param name="type">Its type.</param>
    public void ReserveFamily(ReadOnlySpan<byte> name, MetricType type)
    {
        lock (_writer)
        {
            _directory.GetOrAdd(name).Reserved = type;
        }
    }

    private long UnixNanoseconds() => (Options.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private GroupSlot? Find(ReadOnlySpan<byte> key) =>
        _slots.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out GroupSlot? slot) ? slot : null;

    private GroupSlot? FindSlot(GroupingKey key)
    {
        lock (_writer)
        {
            return Find(key.Bytes);
        }
    }

    private GroupSnapshot? Peek(GroupingKey key) => FindSlot(key)?.Current;

    // Renders and publishes a prepared push. Rendering is done outside the lock on a guess of the group's state (whether it has a
    // push_failure_time_seconds to keep); where the guess was wrong it is done again.
    private string? Publish(PendingPush push, PushMode mode, ReadOnlyMemory<byte> textBody)
    {
        while (true)
        {
            GroupSnapshot? before = Peek(push.Key);
            bool hadFailure = before is not null && before.TryGet(OwnNames.PushFailure, out _);
            FamilyEntry[] pushed = push.Render(before, keepPushedFailure: hadFailure);
            GroupSlot target;
            GroupSnapshot? old;
            GroupSnapshot stored;
            lock (_writer)
            {
                GroupSlot? slot = Find(push.Key.Bytes);
                old = slot?.Current;
                if (hadFailure != (old is not null && old.TryGet(OwnNames.PushFailure, out _)))
                {
                    continue;
                }

                FamilyEntry[] next = SnapshotBuilder.Combine(old is null ? [] : old.Families, pushed, mode == PushMode.Replace);
                if (Check(push, slot, pushed, next) is { } error)
                {
                    return error;
                }

                target = Publish(slot, push.Key, next, tell: true);
                stored = target.Current!;
            }

            if (!textBody.IsEmpty)
            {
                ConsiderShape(target, old, stored, pushed, textBody);
            }

            return null;
        }
    }

    // A refused push leaves one trace: the time of the failure in its group, which is created for it. Not where the group itself could
    // not exist beside the others ({job="a"} and {job="a",instance=""} would expose the same push_time_seconds).
    private void RecordFailure(PushWorkspace workspace, GroupingKey key, long now)
    {
        while (true)
        {
            var failure = new PendingPush(workspace, key, now);
            GroupSnapshot? before = Peek(key);
            bool hadTime = before is not null && before.TryGet(OwnNames.PushTime, out _);
            FamilyEntry[] pushed = failure.RenderFailure(before, withPushTime: !hadTime);
            lock (_writer)
            {
                GroupSlot? slot = Find(key.Bytes);
                GroupSnapshot? old = slot?.Current;
                if (hadTime != (old is not null && old.TryGet(OwnNames.PushTime, out _)))
                {
                    continue;
                }

                FamilyEntry[] next = SnapshotBuilder.Combine(old is null ? [] : old.Families, pushed, replace: false);
                if (slot is not null || !Options.CheckConsistency || Check(failure, slot, pushed, next) is null)
                {
                    Publish(slot, key, next, tell: true);
                }

                return;
            }
        }
    }

    // Unchecked pushes are checked too, but what contradicts others is only marked, and left out of scrapes.
    private string? Check(PendingPush push, GroupSlot? slot, FamilyEntry[] pushed, FamilyEntry[] next)
    {
        NameSet? names = slot?.Names ?? _directory.Find(push.Key);
        foreach ((int family, int entry) in push.Rendered)
        {
            if (pushed[entry].Text.IsEmpty || (slot is not null && push.IsOwn(family)))
            {
                continue;
            }

            if (_rules.Error(push.Families, family, slot?.Current, names, next) is { } error)
            {
                if (Options.CheckConsistency)
                {
                    return error;
                }

                int at = GroupSnapshot.IndexOf(next, pushed[entry].Name.Span);
                next[at] = next[at] with { Traits = next[at].Traits | FamilyTraits.Suspect };
            }
        }

        return null;
    }

    private GroupSlot Publish(GroupSlot? slot, GroupingKey key, FamilyEntry[] families, bool tell)
    {
        long version = _clock + 1;
        var snapshot = new GroupSnapshot(slot?.Key ?? key, families) { Version = version };
        GroupSnapshot? old = slot?.Current;
        GroupSlot target = slot ?? new GroupSlot(key, _directory.Acquire(key));
        _directory.Replace(old is null ? [] : old.Families, families, target.Names);
        _samples += Samples(families) - (old is null ? 0 : Samples(old.Families));
        if (old is not null && Volatile.Read(ref _collecting) > 0)
        {
            snapshot.Previous = old;
            if (old.Version <= Volatile.Read(ref _collectFloor))
            {
                old.Previous = null;
            }
        }

        target.Current = snapshot;
        if (slot is null)
        {
            _slots.Add(key.Array, target);
            Volatile.Write(ref _map, _map.With(target, version));
        }

        Volatile.Write(ref _clock, version);
        if (tell)
        {
            Tell(new GroupChange(snapshot.Key, version, snapshot), old);
        }

        return target;
    }

    private void Remove(GroupSlot slot)
    {
        slot.IsRemoved = true;
        _shapes?.Drop(slot);
        long version = _clock + 1;
        GroupSnapshot old = slot.Current!;
        _directory.Replace(old.Families, [], slot.Names);
        _directory.Release(slot.Key);
        _samples -= Samples(old.Families);
        _slots.Remove(slot.Key.Array);
        Volatile.Write(ref _map, _map.Without(slot.Key, version));
        Volatile.Write(ref _clock, version);
        Tell(new GroupChange(slot.Key, version, null), old);
    }

    private void Tell(in GroupChange change, GroupSnapshot? before)
    {
        foreach (ChangeFeed feed in CollectionsMarshal.AsSpan(_feeds))
        {
            bool taken = feed.Publish(change, before);
            if (before is not null)
            {
                before.WasTaken |= taken;
            }
        }
    }

    private static GroupSnapshot[]? TryCollect(GroupMap map, long now)
    {
        ReadOnlySpan<GroupSlot> slots = map.Slots;
        var groups = new GroupSnapshot[slots.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            GroupSnapshot? snapshot = slots[i].Current;
            while (snapshot is not null && snapshot.Version > now)
            {
                snapshot = snapshot.Previous;
            }

            if (snapshot is null)
            {
                return null;
            }

            groups[i] = snapshot;
        }

        return groups;
    }

    private static long Samples(ReadOnlySpan<FamilyEntry> families)
    {
        long samples = 0;
        foreach (ref readonly FamilyEntry entry in families)
        {
            samples += entry.SampleCount;
        }

        return samples;
    }
}
