using Exposition.Engine.Consistency;
using Exposition.Engine.Expiry;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Memory;
using Exposition.Engine.Repeats;
using Exposition.Formats;
using Exposition.Formats.Rows;

namespace Exposition.Engine;

// A steady push (the same series as its group's last one) takes no lock; neither does a reader, unless groups are due to expire. All else
// that changes something takes one short writer lock, because checking it against other groups and publishing it must be one step. What the
// check relies on (which groups there are, and their series) changes under that lock alone. Everything expensive (reading, sorting,
// rendering) happens before it.
//
// Linearization. Two kinds of things are published: a group's snapshot, in its slot (by compare-and-swap with the one that it was made
// from), and the map of the slots. Each is stamped right after it is in its place (see Timeline), and that is when it takes effect:
//   push, refusal, expiry   of a group that exists: the stamping of its snapshot
//   creation, delete, wipe  the stamping of the map. The first snapshot of a group counts as old as time. A deleted group's slot is closed
//                           before the map
//                           is replaced, so that no push can come to it any more
//   view                    the moving of the clock
// Operations with one stamp take effect in the order of their publication. A view at time t has the newest map stamped t or earlier and, of
// each slot in that, the newest snapshot stamped t or earlier; for that each refers to the one before (Previous) as long as a view may be
// on its way to it.
//
// Invariants:
//   1. What is replaced is stamped before; so stamps never decrease along a slot, or from map to map.
//   2. Numbers of snapshots increase by one along a slot, and from a slot to the next one of the same key.
//   3. Memory that has been replaced (of steady pushes snapshots and blocks, of others blocks) is used again only if nobody can be reading
//      it. Who reads is a view or the writer at work (Timeline), or has pinned the slot, or is a consumer who has taken a snapshot while he
//      had pinned it. Each says so before he looks for the newest snapshot. This also rules out ABA. See RetiredBlocks.
//   4. What another snapshot, or map, refers to as the one before it is never used again.

/// <summary>The groups of pushed metrics. Safe for concurrent use; readers never wait for writers.</summary>
/// <remarks>
/// <para>
/// A push names a group by its grouping key and brings metric families. Before anything is stored the body is read to its end: what does
/// not read, or exceeds a limit, changes nothing. The labels of the key are put on every series, in place of what the series says for them;
/// a series without an instance gets an empty one. No series may have a timestamp, unless the options drop these.
/// </para>
/// <para>
/// With <see cref="PushMode.Replace"/> (PUT) the group then has the pushed families and no others; an empty body leaves an empty group.
/// With <see cref="PushMode.Merge"/> (POST) a pushed family takes the place of the group's family of that name, whole, whatever types the
/// two have, and all other families stay. Either creates the group where there is none, sets its <c>push_time_seconds</c> to the time of
/// the push, and leaves its <c>push_failure_time_seconds</c> as it is (0 in a new group). What a body says of the first is left out; of the
/// second only where the group has none yet, as in the reference.
/// </para>
/// <para>
/// A checked store (<see cref="StoreOptions.CheckConsistency"/>) refuses a push after which all groups together would not be one valid
/// exposition: a series twice in the body or in two groups, a family with two types, a histogram or summary whose parts clash with another
/// family's name, invalid names or labels. A refused push leaves the group's families as they were and sets
/// <c>push_failure_time_seconds</c> alone; it creates the group for that, with a <c>push_time_seconds</c> of 0. An unchecked store accepts
/// it, and leaves out of scrapes what contradicts what was there before it, until that has gone.
/// </para>
/// <para>
/// <see cref="Delete"/> removes a group with all that belongs to it, as if it had never been; <see cref="Wipe"/> removes all at once. When
/// a call returns, every view that is opened later shows what it did, whole. Calls for one group take effect one after the other, in an
/// order that agrees with when they were made and returned.
/// </para>
/// <para>
/// A group may have a deadline, from its push or from the rules of the options. At the deadline its families go but for the two times, and
/// <c>push_expired</c> says so; after the grace of the options the group goes. A push before that starts from an empty group.
/// </para>
/// </remarks>
public sealed partial class MetricStore
{
    // As much as a burst of pushes turns over while a scrape is open.
    private const long SpareBytesMost = 32 << 20;
    private const long SpareSnapshotBytesMost = 4 << 20;
    private const int MostFeeds = 8;

    private readonly Lock _writer = new();
    private readonly GroupTable _slots = new();
    private readonly FamilyDirectory _directory = new();
    private readonly CrossGroupRules _rules;
    private ChangeFeed[] _feeds = [];
    private long _samples;
    private long _storedBytes;
    private long _lastNumber;

    /// <summary>Makes an empty store.</summary>
    public MetricStore(StoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
        _blocks = new BlockPool(SpareBytesMost);
        _retired = new RetiredBlocks(_timeline, _blocks);
        _shapes = options.ShapeCacheBytes > 0 ? new ShapeCache(options.ShapeCacheBytes, options.Time) : null;
        _rules = new CrossGroupRules(_directory, new RepeatedSeries(key => _slots.Find(key.Span)), () => AllSlots);
        _clock = new DeadlineClock(Options.Time);
        _sweep = CreateSweep();
    }

    /// <summary>The options that the store was made with.</summary>
    public StoreOptions Options { get; }

    /// <summary>Number of groups.</summary>
    public int GroupCount => Volatile.Read(ref _map).Count;

    /// <summary>Number of sample lines over all groups, the store's own two per group included.</summary>
    public long SampleCount => Volatile.Read(ref _samples);

    /// <summary>
    /// What all groups take, in bytes: samples with room for any value, names, help texts, keys and tables.
    /// <see cref="StoreOptions.MaxStoredBytes"/> and <see cref="StoreOptions.MaxGroupBytes"/> are in the same measure.
    /// </summary>
    public long StoredBytes => Volatile.Read(ref _storedBytes);

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
        if (TryPushRepeated(key, format, body, mode, details))
        {
            return new PushOutcome(Options.CheckConsistency ? PushStatus.Stored : PushStatus.Accepted);
        }

        if (PushLimits.Exceeded(Options, key) is { } tooLong)
        {
            return tooLong;
        }

        PushWorkspace workspace = PushWorkspace.Rent(body.Length);
        try
        {
            FamilySet set = workspace.Families;
            if (!TryRead(format, body, set, out FormatError malformed))
            {
                var unread = new PushOutcome(PushStatus.Malformed, malformed.ToString());
                NoteFailure(key, unread.Error!, details.Sender);
                return unread;
            }

            if (PushLimits.Exceeded(Options, key, set, body.Length) is { } exceeded)
            {
                return exceeded;
            }

            long rendered = RenderedSize.Of(
                key, set, format, body.Length, Math.Min(PushWorkspace.SmallRendering, PushLimits.LargestRendering(Options, body.Length)));
            if (PushLimits.Exceeded(Options, rendered, body.Length) is { } tooLarge)
            {
                return tooLarge;
            }

            workspace.Text.Expect(rendered);
            Moment now = _clock.Read();
            ExpireDue(now);

            // A race may let a few more in, as many as there are pushes at once.
            if (Options.MaxGroups > 0 && GroupCount >= Options.MaxGroups && Peek(key) is null)
            {
                return PushLimits.TooManyGroups(Options);
            }

            var push = new PendingPush(workspace, key, now.Wall);
            if (Options.Timestamps == SampleTimestamps.Drop)
            {
                PushRules.DropTimestamps(set);
            }

            string? error = PushRules.HasTimestamps(set)
                ? "pushed metrics must not have timestamps"
                : push.Prepare(leaveOut: !Options.CheckConsistency);
            PushOutcome outcome = error is null
                ? Publish(push, mode, format == PushFormat.Text ? body : default, details.ExpireAfter, now)
                : new PushOutcome(PushStatus.Inconsistent, error);
            if (outcome.Status != PushStatus.Inconsistent)
            {
                return outcome;
            }

            error = "pushed metrics are invalid or inconsistent with existing metrics: " + outcome.Error;
            RecordFailure(workspace, key, now, details, error);
            return new PushOutcome(Options.CheckConsistency ? PushStatus.Inconsistent : PushStatus.Accepted, error);
        }
        catch (TooManyRowsException)
        {
            return PushLimits.TooManySeries(Options);
        }
        finally
        {
            PushWorkspace.Return(workspace);
        }
    }

    /// <summary>
    /// Remembers, with the newest snapshot of a group that exists, that a push to it was refused before it came to the store.
    /// </summary>
    /// <param name="key">The group.</param>
    /// <param name="reason">What the client is told.</param>
    /// <param name="sender">Who it is; its text is taken.</param>
    public void NoteFailure(GroupingKey key, string reason, object? sender)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(reason);
        if (FindSlot(key) is { } slot)
        {
            slot.LastFailure = PushFailure.Of(_clock.Read().Wall, reason, sender);

            // The snapshot is the same, but what consumers keep of the group is not. However often it happens, a feed holds it once.
            Interlocked.MemoryBarrier();
            Tell(slot);
        }
    }

    /// <summary>Removes a group. No view that is opened after the return shows it.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Delete(GroupingKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ExpireDue();
        using (EnterWriter())
        {
            if (FindAt(key, _clock.Read()) is not { } slot)
            {
                return false;
            }

            Remove(slot);
            return true;
        }
    }

    /// <summary>Starts a feed of the changes from now on, until it is disposed of. There are as many as 8 at once.</summary>
    /// <exception cref="InvalidOperationException">There are so many.</exception>
    internal ChangeFeed Subscribe()
    {
        using (EnterWriter())
        {
            if (_feeds.Length == MostFeeds)
            {
                throw new InvalidOperationException($"a store has at most {MostFeeds} change feeds");
            }

            // A push that does not see the feed yet was in its place before the return, as Tell passes a full fence in between.
            int index = Enumerable.Range(0, MostFeeds).First(free => !Array.Exists(_feeds, feed => feed.Index == free));
            var feed = new ChangeFeed(this, index, _retired);
            Interlocked.Exchange(ref _feeds, [.. _feeds, feed]);
            return feed;
        }
    }

    internal void Unsubscribe(ChangeFeed feed)
    {
        using (EnterWriter())
        {
            Interlocked.Exchange(ref _feeds, Array.FindAll(_feeds, other => other != feed));
        }
    }

    // Those that are still being loaded among them.
    private IEnumerable<GroupSlot> AllSlots => _slots.All;

    // Without the writer lock: of a group that comes or goes at the moment, either answer.
    private GroupSlot? FindSlot(GroupingKey key)
    {
        Explored.Step("FindSlot");
        return _slots.Find(key);
    }

    private GroupSnapshot? Peek(GroupingKey key) => FindSlot(key)?.Current is { IsEnd: false } current ? current : null;
}
