using Exposition.Engine.Compression;
using Exposition.Engine.Groups;
using Exposition.Engine.Publishing;
using Exposition.Engine.Reading;
using Exposition.Engine.Remembering;
using Exposition.Engine.Sharing;
using Exposition.Formats;

namespace Exposition.Engine;

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
/// second only where the group has none yet, as in the Pushgateway.
/// </para>
/// <para>
/// A checked store (<see cref="StoreOptions.CheckConsistency"/>) refuses a push after which all groups together would not be one valid
/// exposition: a series twice in the body or in two groups, a family with two types, a histogram or summary whose parts clash with another
/// family's name, invalid names or labels. A refused push leaves the group's families as they were and sets
/// <c>push_failure_time_seconds</c> alone; it creates the group for that, with a <c>push_time_seconds</c> of 0. An unchecked store accepts
/// it, and leaves out of scrapes what contradicts what was there before it, until that has gone.
/// </para>
/// <para>
/// <see cref="Delete(GroupingKey)"/> removes a group with all that belongs to it, as if it had never been; <see cref="Wipe"/> removes all
/// at once. When a call returns, every view that is opened later shows what it did, whole. Calls for one group take effect one after the
/// other, in an order that agrees with when they were made and returned.
/// </para>
/// <para>
/// A group may have a deadline, from its push or from the rules of the options. At the deadline its families go but for the two times, and
/// <c>push_expired</c> says so; after the grace of the options the group goes. A push before that starts from an empty group.
/// </para>
/// </remarks>
public sealed partial class MetricStore
{
    private readonly WriterLock _writer;
    private readonly HostFamilies _host;
    private readonly Wiping _wiping;
    private readonly Sweep _sweep;
    private readonly Views _views;
    private readonly RepeatPushes _repeats;
    private readonly PushFailures _failures;
    private readonly Pushing _pushing;
    private readonly Loading _loading;
    private readonly Trimming _trimming;

    /// <summary>Makes an empty store.</summary>
    public MetricStore(StoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        State = new StoreState(options);
        _writer = new WriterLock(State);
        var publisher = new Publisher(State, _writer);
        _writer.FollowUp = new FollowUp(State, _writer, publisher, new Unhiding(State, _writer, publisher));
        _host = new HostFamilies(State, _writer, publisher);
        _wiping = new Wiping(State, _writer, publisher);
        var expiring = new Expiring(State, _writer, publisher, _wiping);
        _sweep = new Sweep(State, _writer, expiring);
        _views = new Views(State, _sweep);
        Deletes = new Deleting(State, _writer, publisher, expiring, _sweep);
        Reads = new GroupReads(State, _writer, expiring, _views);
        Lookup = new SeriesLookup(State, _writer, Reads);
        var checks = new PushChecks(State);
        var drafts = new PushDrafts(State, _writer);
        _repeats = new RepeatPushes(State, _writer, checks);
        var large = new LargePushes(State, _writer, publisher, expiring, checks, drafts);
        var pushes = new PushPublisher(State, _writer, publisher, expiring, checks, drafts, large, _repeats);
        _failures = new PushFailures(State, _writer, publisher, expiring, checks, drafts);
        _pushing = new Pushing(State, _sweep, _repeats, new PublishedPush(pushes, _failures));
        _loading = new Loading(State, _writer, publisher, expiring);
        Shared = new SharedGroups(
            State, _writer, _pushing, Deletes, new Preparing(State, _writer, expiring, checks), _loading,
            new Settling(State, _writer, publisher, _views, OpenSettled));
        _trimming = new Trimming(State, _writer);
    }

    /// <summary>The options that the store was made with.</summary>
    public StoreOptions Options => State.Options;

    // Families that are checked, counted or opened under one hold of the writer lock. Set by tests.
    internal int FamiliesAtOnce
    {
        get => State.Directory.AtOnce;
        set => State.Directory.AtOnce = value;
    }

    internal StoreState State { get; }

    internal GroupReads Reads { get; }

    internal SeriesLookup Lookup { get; }

    internal Deleting Deletes { get; }

    // Of a store that has its groups in common with those of other nodes.
    internal SharedGroups Shared { get; }

    internal BundleCache Bundles => State.Bundles;

    /// <summary>Reads, checks and stores a body.</summary>
    /// <example>
    /// <code>
    /// var store = new MetricStore(new StoreOptions());
    /// GroupingKey key = GroupingKey.Create(("job", "nightly_backup"), ("instance", "db1"));
    /// store.Push(key, PushFormat.Text, "backup_rows 3.14\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();
    /// </code>
    /// </example>
    /// <param name="key">The group.</param>
    /// <param name="format">The body's language.</param>
    /// <param name="body">The decoded body; not used after the return.</param>
    /// <param name="mode">What becomes of the group's other families.</param>
    /// <param name="details">What else was said with it.</param>
    /// <returns>What became of it; a refusal says why in the Pushgateway's words.</returns>
    public PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _pushing.Push(key, format, body, mode, details);
    }

    /// <summary>As <see cref="Push"/>, but without waiting for long.</summary>
    /// <returns>Null where another push to the group is to end first: nothing has changed then.</returns>
    internal PushOutcome? TryPush(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, in PushDetails details) =>
        _pushing.TryPush(key, format, body, mode, details);

    /// <summary>
    /// Carries out a push if its series are those of the group's last one, which takes little time even where it is large; the parameters
    /// are those of <see cref="Push"/>.
    /// </summary>
    /// <returns>False if it is to be read the long way: nothing has changed then.</returns>
    internal bool TryPushRepeated(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details) =>
        details.Id.IsEmpty && _repeats.TryPush(key, format, body, mode, details);

    /// <summary>What a group takes, as <see cref="StoredBytes"/> counts it, about now; 0 for none.</summary>
    internal long SizeOf(GroupingKey key) => State.Groups.Find(key)?.Current?.Size ?? 0;

    /// <summary>What the rules of the options say of pushes to a group that do not say it themselves.</summary>
    /// <returns>The mode of the first rule that is for the group; <see cref="PushMode.Merge"/> if none is.</returns>
    public PushMode ModeOf(GroupingKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Options.PushModes.Count == 0)
        {
            return PushMode.Merge;
        }

        GroupSlot? slot = State.Groups.Find(key);
        return slot is null ? ModeRules.Of(Options.PushModes, key) : slot.RuleMode ??= ModeRules.Of(Options.PushModes, key);
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
        _failures.Note(key, reason, sender);
    }

    /// <summary>Removes a group. No view that is opened after the return shows it.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Delete(GroupingKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Deletes.Delete(key);
    }

    /// <summary>Removes the groups that a selector chooses in one step: a view shows all of them or none.</summary>
    /// <param name="groups">Which; see <see cref="GroupSelector.Parse"/>.</param>
    /// <param name="olderThan">If given, only those without a push for longer; refused ones count where no other ever was.</param>
    /// <returns>How many were removed.</returns>
    public int Delete(GroupSelector groups, TimeSpan? olderThan = null)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan ?? TimeSpan.Zero, TimeSpan.Zero, nameof(olderThan));
        return Deletes.Together.Delete(groups.Matches, olderThan).Groups;
    }

    /// <summary>Removes all groups in one step: a view shows all of them or none.</summary>
    /// <returns>How many there were.</returns>
    public int Wipe() => WipeIf(expected: null).Groups;

    /// <summary>The same, unless there are not as many as expected.</summary>
    /// <param name="expected">How many there must be; null for any number.</param>
    /// <returns>How many there were, and whether they were removed.</returns>
    internal (int Groups, bool IsDone) WipeIf(long? expected)
    {
        _sweep.ExpireDue();
        (int Groups, bool IsDone) wiped = _wiping.Wipe(expected);
        State.Observers.TellEnds();
        return wiped;
    }

    /// <summary>
    /// Names a family of the host itself, with its type, which may change. It wins: what is pushed under that name with another type is
    /// stored but left out of scrapes, and so is what is there already.
    /// </summary>
    /// <param name="name">The family's name.</param>
    /// <param name="type">Its type.</param>
    public void ReserveFamily(ReadOnlySpan<byte> name, MetricType type) => _host.Reserve(name, type);

    /// <summary>
    /// Lets go of spare memory, and of work areas, that was not needed since the last call. For a host, every few seconds: what a peak has
    /// left is not needed afterwards.
    /// </summary>
    /// <returns>
    /// About how many bytes that is, with what deletes, expiries, wipes and pushes have left to the garbage collector since the last call.
    /// It does not know of that before it has a reason to look, so a host may want to ask for a collection when it is much.
    /// </returns>
    public long TrimSpareMemory() => _trimming.Trim();

    /// <summary>Starts a feed of the changes from now on, until it is disposed of. There are as many as 8 at once.</summary>
    /// <exception cref="InvalidOperationException">There are so many.</exception>
    internal ChangeFeed Subscribe()
    {
        using (_writer.Enter())
        {
            return State.Feeds.Add(index => new ChangeFeed(this, index, State.Blocks.Retired));
        }
    }

    /// <summary>The same of copies. There are as many as 100 at once.</summary>
    internal ChangeFeed SubscribeToCopies(GroupSelector? groups)
    {
        using (_writer.Enter())
        {
            return State.Feeds.AddOfCopies(index => new ChangeFeed(this, index, State.Blocks.Retired, groups));
        }
    }

    internal void Unsubscribe(ChangeFeed feed)
    {
        using (_writer.Enter())
        {
            State.Feeds.Remove(feed);
        }
    }

    /// <summary>
    /// Makes many calls of <see cref="RestoreOwn"/> cheap: until the end, groups that are new are not yet shown to views. Others may use
    /// the store meanwhile.
    /// </summary>
    /// <returns>Ends the loading when it is disposed of.</returns>
    internal IDisposable BeginLoading() => _loading.Begin();

    /// <summary>
    /// Puts a group back as a durable copy has kept it, in place of one that is there. It does not appear in change feeds. What contradicts
    /// what is there already is hidden.
    /// </summary>
    /// <param name="key">The group.</param>
    /// <param name="families">Its families in byte order of their names; array and memory are the store's from now on.</param>
    /// <param name="expiresAt">When its series expire by the wall clock (<see cref="ExpiryOf"/>), where its last push said so; null
    /// otherwise: then the push time and the rules say it.</param>
    /// <param name="lastFailure">Its <see cref="GroupSnapshot.LastFailure"/>.</param>
    /// <param name="kept">What it remembers beside its families.</param>
    /// <exception cref="InvalidOperationException">A family does not read back.</exception>
    internal void RestoreOwn(
        GroupingKey key, FamilyEntry[] families, long? expiresAt, PushFailure? lastFailure, KeptMemory kept = default) =>
        _loading.Restore(key, families, expiresAt, lastFailure, kept);

    /// <summary>
    /// When a group's series expire, or did, by the wall clock as it is set now, in nanoseconds since the Unix epoch; 0 for never.
    /// </summary>
    internal long ExpiryOf(GroupSnapshot group) => State.Deadlines.ExpiryOf(group);

    private static SettledStore OpenSettled(StoreOptions options)
    {
        var store = new MetricStore(options);
        return new SettledStore(store.State, store._loading, store._host);
    }

    /// <summary>
    /// Opens a view of all groups at one point in time. Takes no lock and never begins anew, unless groups are due to expire.
    /// </summary>
    internal StoreView OpenView() => _views.Open();

    internal StoreView OpenScrapeView(out long heldMark) => _views.OpenHeld(out heldMark);

    internal void CloseScrapeView(StoreView view, long heldMark) => _views.CloseHeld(view, heldMark);
}
