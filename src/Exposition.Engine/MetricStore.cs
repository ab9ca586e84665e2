using Exposition.Engine.Compression;
using Exposition.Engine.Publishing;
using Exposition.Engine.Scraping;
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
/// <see cref="Delete"/> removes a group with all that belongs to it, as if it had never been; <see cref="Wipe"/> removes all at once. When
/// a call returns, every view that is opened later shows what it did, whole. Calls for one group take effect one after the other, in an
/// order that agrees with when they were made and returned.
/// </para>
/// <para>
/// A group may have a deadline, from its push or from the rules of the options. At the deadline its families go but for the two times, and
/// <c>push_expired</c> says so; after the grace of the options the group goes. A push before that starts from an empty group.
/// </para>
/// </remarks>
public sealed class MetricStore
{
    private readonly StoreState _state;
    private readonly WriterLock _writer;
    private readonly Publisher _publisher;
    private readonly HostFamilies _host;
    private readonly Wiping _wiping;
    private readonly Expiring _expiring;
    private readonly Sweep _sweep;
    private readonly RepeatPushes _repeats;
    private readonly PushFailures _failures;
    private readonly Pushing _pushing;
    private readonly Loading _loading;
    private readonly Trimming _trimming;

    /// <summary>Makes an empty store.</summary>
    public MetricStore(StoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _state = new StoreState(options);
        _writer = new WriterLock(_state);
        _publisher = new Publisher(_state, _writer);
        _writer.FollowUp = new FollowUp(_state, _writer, new Unhiding(_state, _writer, _publisher));
        _host = new HostFamilies(_state, _writer, _publisher);
        _wiping = new Wiping(_state, _writer, _publisher);
        _expiring = new Expiring(_state, _writer, _publisher, _wiping);
        _sweep = new Sweep(_state, _writer, _expiring);
        var checks = new PushChecks(_state);
        var drafts = new PushDrafts(_state, _writer);
        _repeats = new RepeatPushes(_state, _writer, checks);
        var large = new LargePushes(_state, _writer, _publisher, _expiring, checks, drafts);
        var pushes = new PushPublisher(_state, _writer, _publisher, _expiring, checks, drafts, large, _repeats);
        _failures = new PushFailures(_state, _writer, _publisher, _expiring, checks, drafts);
        _pushing = new Pushing(_state, _sweep, _repeats, pushes, _failures);
        _loading = new Loading(_state, _writer, _publisher);
        _trimming = new Trimming(_state, _writer);
    }

    /// <summary>The options that the store was made with.</summary>
    public StoreOptions Options => _state.Options;

    /// <summary>Number of groups.</summary>
    public int GroupCount => _state.Maps.Newest.Count;

    /// <summary>Number of sample lines over all groups, the store's own two per group included.</summary>
    public long SampleCount => Volatile.Read(ref _state.Counts.Samples);

    /// <summary>
    /// What all groups take, in bytes: samples with room for any value, names, help texts, keys and tables.
    /// <see cref="StoreOptions.MaxStoredBytes"/> and <see cref="StoreOptions.MaxGroupBytes"/> are in the same measure.
    /// </summary>
    public long StoredBytes => Volatile.Read(ref _state.Counts.StoredBytes);

    /// <summary>Number of families that are stored but not exposed.</summary>
    public long HiddenFamilies => _state.Hidden.Count;

    /// <summary>Number of groups that have expired and are still shown as such.</summary>
    public long ExpiredGroups => Volatile.Read(ref _state.Counts.Expired);

    /// <summary>How often a group has expired so far.</summary>
    public long Expiries => Volatile.Read(ref _state.Counts.Expiries);

    /// <summary>How often an expiry, or the sweep, has failed; it is tried again.</summary>
    internal long ExpiryFailures => _sweep.Failures;

    /// <summary>Memory held by the shapes of last pushes, in bytes.</summary>
    public long ShapeBytes => _state.Shapes?.Bytes ?? 0;

    /// <summary>Pushes that were patched in because their series equalled those of their group's last push.</summary>
    public long RepeatedPushes => _repeats.Count;

    /// <summary>
    /// Memory held by scrapes that are open, in bytes: of snapshots that were replaced and may still be shown, and their own tables.
    /// </summary>
    public long HeldBytes => _state.Held.Now;

    /// <summary>Memory for compressed parts of scrapes, in bytes.</summary>
    public long BundleBytes => Bundles.Bytes;

    /// <summary>How often a part of a compressed scrape was found ready, and how often it had to be compressed.</summary>
    public (long Found, long Compressed) BundleLookups => Bundles.Lookups;

    /// <summary>Memory of replaced blocks and tables of families that waits to be used again, in bytes.</summary>
    public long SpareBytes => SpareBlockBytes + _state.Blocks.Snapshots.Bytes;

    internal long SpareBlockBytes => _state.Blocks.Pool.Bytes;

    /// <summary>
    /// Bytes of blocks of 85,000 and more that were allocated so far, because no spare one fitted. The garbage collector lets such memory
    /// grow far beyond what is live before it looks at it, so a host may want to ask for a collection when this has grown by a share of the
    /// heap.
    /// </summary>
    public long LargeBlockBytes => _state.Blocks.Pool.LargeBytes;

    // Families that are checked, counted or opened under one hold of the writer lock. Set by tests.
    internal int FamiliesAtOnce
    {
        get => _state.Directory.AtOnce;
        set => _state.Directory.AtOnce = value;
    }

    internal ScrapeWorkspaces ScrapeWorkspaces => _state.Scrapes;

    internal BundleCache Bundles => _state.Bundles;

    /// <summary>Reads, checks and stores a body.</summary>
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

    /// <summary>
    /// Carries out a push if its series are those of the group's last one, which takes little time even where it is large; the parameters
    /// are those of <see cref="Push"/>.
    /// </summary>
    /// <returns>False if it is to be read the long way: nothing has changed then.</returns>
    internal bool TryPushRepeated(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details) =>
        _repeats.TryPush(key, format, body, mode, details);

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
        _sweep.ExpireDue();
        using (_writer.Enter())
        {
            if (_expiring.FindAt(key, _state.Clock.Read()) is not { } slot)
            {
                return false;
            }

            _publisher.Remove(slot);
            return true;
        }
    }

    /// <summary>Removes all groups in one step: a view shows all of them or none.</summary>
    /// <returns>How many there were.</returns>
    public int Wipe()
    {
        _sweep.ExpireDue();
        return _wiping.Wipe();
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
            return _state.Feeds.Add(index => new ChangeFeed(this, index, _state.Blocks.Retired));
        }
    }

    internal void Unsubscribe(ChangeFeed feed)
    {
        using (_writer.Enter())
        {
            _state.Feeds.Remove(feed);
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
    /// <exception cref="InvalidOperationException">A family does not read back.</exception>
    internal void RestoreOwn(GroupingKey key, FamilyEntry[] families, long? expiresAt, PushFailure? lastFailure) =>
        _loading.Restore(key, families, expiresAt, lastFailure);

    /// <summary>
    /// When a group's series expire, or did, by the wall clock as it is set now, in nanoseconds since the Unix epoch; 0 for never.
    /// </summary>
    internal long ExpiryOf(GroupSnapshot group) => _state.Deadlines.ExpiryOf(group);

    /// <summary>
    /// Opens a view of all groups at one point in time. Takes no lock and never begins anew, unless groups are due to expire.
    /// </summary>
    internal StoreView OpenView()
    {
        _sweep.ExpireDue();
        return _state.Groups.Open(_state);
    }

    internal StoreView OpenScrapeView(out long heldMark)
    {
        heldMark = _state.Held.Open();
        try
        {
            return OpenView();
        }
        finally
        {
            _state.Held.Opened();
        }
    }

    internal void AddScrapeTables(long bytes) => _state.Held.AddTables(bytes);

    internal void CloseScrapeView(StoreView view, long heldMark)
    {
        view.Dispose();
        _state.Held.Close(heldMark);
    }
}
