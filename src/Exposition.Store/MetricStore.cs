using Exposition.Formats;
using Exposition.Store.Internal;
using Exposition.Store.Internal.Shapes;

namespace Exposition.Store;

// Writers take one short lock: check against other groups and publication must be one step. Everything expensive (reading, sorting,
// rendering) happens before it. Readers take no lock, unless groups are due to expire (MetricStore.Expiry.cs).
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
        _rules = new CrossGroupRules(_directory, key => Find(key.Span), () => _slots.Values);
        _sweep = CreateSweep();
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
    /// <param name="details">What else was said with it.</param>
    /// <returns>What became of it; a refusal says why in the reference's words.</returns>
    public PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (_shapes is not null && format == PushFormat.Text && TryPushRepeated(key, body, mode, details.ExpireAfter))
        {
            return new PushOutcome(Options.CheckConsistency ? PushStatus.Stored : PushStatus.Accepted);
        }

        PushWorkspace workspace = PushWorkspace.Rent();
        try
        {
            FamilySet set = workspace.Families;
            if (!TryRead(format, body, set, out FormatError malformed))
            {
                var outcome = new PushOutcome(PushStatus.Malformed, malformed.ToString());
                NoteFailure(key, outcome.Error!, details.Sender);
                return outcome;
            }

            if (PushLimits.Exceeded(Options, key, set, body.Length) is { } exceeded)
            {
                return exceeded;
            }

            // A race may let a few more in, as many as there are pushes at once.
            if (Options.MaxGroups > 0 && GroupCount >= Options.MaxGroups && Peek(key) is null)
            {
                return PushLimits.TooManyGroups(Options);
            }

            long now = UnixNanoseconds();
            ExpireDue(now);
            var push = new PendingPush(workspace, key, now);
            string? error = PushRules.HasTimestamps(set)
                ? "pushed metrics must not have timestamps"
                : push.Prepare(leaveOut: !Options.CheckConsistency);
            error ??= Publish(push, mode, format == PushFormat.Text ? body : default, details.ExpireAfter, now);
            if (error is null)
            {
                return new PushOutcome(Options.CheckConsistency ? PushStatus.Stored : PushStatus.Accepted);
            }

            error = "pushed metrics are invalid or inconsistent with existing metrics: " + error;
            RecordFailure(workspace, key, now, details, error);
            return new PushOutcome(Options.CheckConsistency ? PushStatus.Inconsistent : PushStatus.Accepted, error);
        }
        finally
        {
            PushWorkspace.Return(workspace);
        }
    }

    /// <summary>Remembers, with the newest snapshot of a group that exists, that a push to it was refused before it came to the store.</summary>
    /// <param name="key">The group.</param>
    /// <param name="reason">What the client is told.</param>
    /// <param name="sender">Who it is; its text is taken.</param>
    public void NoteFailure(GroupingKey key, string reason, object? sender)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(reason);
        PushFailure failure = PushFailure.Of(UnixNanoseconds(), reason, sender);
        lock (_writer)
        {
            if (Find(key.Bytes)?.Current is { } current)
            {
                current.LastFailure = failure;
            }
        }
    }

    /// <summary>Removes a group. No view that is opened after the return shows it.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Delete(GroupingKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ExpireDue();
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

    /// <summary>Removes all groups in one step: a view shows all of them or none.</summary>
    /// <returns>How many there were.</returns>
    public int Wipe()
    {
        ExpireDue();
        lock (_writer)
        {
            long version = _clock + 1;
            int removed = _slots.Count;
            foreach (GroupSlot slot in _slots.Values)
            {
                slot.IsRemoved = true;
                _shapes?.Drop(slot);
                _held.Replaced(slot.Current!.Families, []);
            }

            _directory.Clear();
            _deadlines.Clear();
            Volatile.Write(ref _hiddenFamilies, 0);
            Volatile.Write(ref _expiredNow, 0);
            Volatile.Write(ref _samples, 0);
            Volatile.Write(ref _map, _map.Emptied(version));
            Volatile.Write(ref _clock, version);
            if (_feeds.Count > 0)
            {
                foreach (GroupSlot slot in _slots.Values)
                {
                    Tell(new GroupChange(slot.Key, version, null), slot.Current);
                }
            }

            _slots.Clear();
            return removed;
        }
    }

    /// <summary>Opens a view of all groups at one point in time. Takes no lock, unless groups are due to expire.</summary>
    public StoreView OpenView()
    {
        ExpireDue();
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

    /// <summary>
    /// Puts a group back as a durable copy has kept it, in place of one that is there. It does not appear in change feeds. What contradicts what is
    /// there already is hidden.
    /// </summary>
    /// <param name="key">The group.</param>
    /// <param name="families">Its families in byte order of their names; their memory is kept.</param>
    /// <exception cref="InvalidOperationException">A family does not read back.</exception>
    public void Restore(GroupingKey key, ReadOnlySpan<FamilyEntry> families) => Restore(key, families, null);

    /// <inheritdoc cref="Restore(GroupingKey, ReadOnlySpan{FamilyEntry})"/>
    /// <param name="key">The group.</param>
    /// <param name="families">Its families in byte order of their names; their memory is kept.</param>
    /// <param name="expiresAt">Its <see cref="GroupSnapshot.ExpiresAt"/>; null where the copy does not know it: then the push time and the rules say it.</param>
    public void Restore(GroupingKey key, ReadOnlySpan<FamilyEntry> families, long? expiresAt)
    {
        ArgumentNullException.ThrowIfNull(key);
        FamilyEntry[] entries = families.ToArray();
        List<HiddenFamily>? found = null;
        lock (_writer)
        {
            GroupSlot? slot = Find(key.Bytes);
            FamilySet set = _restored;
            for (int i = 0; i < entries.Length; i++)
            {
                entries[i] = entries[i] with { Traits = entries[i].Traits & ~FamilyTraits.Suspect, Serial = EntrySerial.Next() };
            }

            for (int i = 0; i < entries.Length; i++)
            {
                if (!entries[i].Text.IsEmpty)
                {
                    entries[i].Read(set);
                    if (_rules.Find(set, 0, slot?.Current, slot?.Names ?? _directory.Find(key), entries) is { } clash)
                    {
                        Hide(entries, entries[i].Name.Span, clash, ref found);
                    }
                }
            }

            set.Reset();
            long expires = expiresAt ?? DeadlineOf(slot, key, entries);
            Publish(slot, key, entries, tell: false, new Fate(expires, expires > 0 && IsMarked(entries)), found);
        }

        TellHidden(key, null, found);
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

    // The reference reads OpenMetrics as text, so a body that is good only as text stays good, and one that is bad as both gets the text's error.
    private bool TryRead(PushFormat format, ReadOnlyMemory<byte> body, FamilySet into, out FormatError malformed)
    {
        if (format == PushFormat.Protobuf)
        {
            return ProtobufFormat.TryRead(body, into, out malformed);
        }

        return (format == PushFormat.OpenMetrics && OpenMetricsFormat.TryRead(body, Options.Names, into, out malformed))
            || TextFormat.TryRead(body, new TextReadOptions(Options.Names, Lenient: true), into, out malformed);
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
}
