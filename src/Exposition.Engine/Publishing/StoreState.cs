using Exposition.Engine.Compression;
using Exposition.Engine.Consistency;
using Exposition.Engine.Counting;
using Exposition.Engine.Expiry;
using Exposition.Engine.Feed;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Memory;
using Exposition.Engine.Overdue;
using Exposition.Engine.Remembering;
using Exposition.Engine.Repeats;
using Exposition.Engine.Scraping;

namespace Exposition.Engine.Publishing;

// A repeat push (the same series as its group's last one) takes no lock; neither does a reader, unless groups are due to expire. All else
// that changes something takes one short writer lock, because checking it against other groups and publishing it must be one step. What the
// check relies on (which groups there are, and their series) changes under that lock alone. Everything expensive (reading, sorting,
// rendering) happens before it.
//
// Linearization. Two kinds of things are published: a group's snapshot, in its slot (by compare-and-swap with the one that it was made
// from), and the map of the slots. Each is stamped right after it is in its place (see Timeline), and that is when it takes effect:
//   push, refusal, expiry   of a group that exists: the stamping of its snapshot
//   creation, delete, wipe  the stamping of the map. The first snapshot of a group counts as old as time. A deleted group's slot is closed
//                           before the map is replaced, so that no push can come to it any more
//   view                    the moving of the clock
// Operations with one stamp take effect in the order of their publication. A view at time t has the newest map stamped t or earlier and, of
// each slot in that, the newest snapshot stamped t or earlier; for that each refers to the one before (Previous) as long as a view may be
// on its way to it.
//
// Invariants:
//   1. What is replaced is stamped before; so stamps never decrease along a slot, or from map to map.
//   2. Versions of snapshots increase by one along a slot, and from a slot to the next one of the same key.
//   3. Memory that has been replaced (of repeat pushes snapshots and blocks, of others blocks) is used again only if nobody can be reading
//      it. Who reads is a view or the writer at work (Timeline), or has pinned the slot, or is a consumer who has taken a snapshot while he
//      had pinned it. Each says so before he looks for the newest snapshot. This also rules out ABA. See RetiredBlocks.
//   4. What another snapshot, or map, refers to as the one before it is never used again.

/// <summary>What the parts of a store have in common. Each says by itself what of it is changed under the writer lock.</summary>
internal sealed class StoreState
{
    public StoreState(StoreOptions options)
    {
        Options = options;
        Clock = new DeadlineClock(options.Time);
        Groups = new GroupVersions(Lock);
        Maps = new GroupMaps(Groups.Timeline, Lock);
        Directory = new FamilyDirectory();
        Rules = new CrossGroupRules(Directory, new RepeatedSeries(key => Groups.Table.Find(key.Span)), () => Groups.Table.All);
        Hidden = new HiddenFamilies(options, Directory, Lock);
        Deadlines = new DeadlineSchedule(options, Clock, Lock);
        Expectations = Expectations.Of(options, Clock);
        Overdue = Expectations is null ? null : new OverdueGroups(Expectations, Clock);
        Workspaces = new PushWorkspaces(reservesOverdue: Expectations is not null);
        Blocks = new BlockLedger(Groups.Timeline, Lock);
        Bundles = new BundleCache(options.BundleCacheBytes);
        Observers = new Observers(options);
        Shapes = options.ShapeCacheBytes > 0 ? new ShapeCache(options.ShapeCacheBytes, options.Time) : null;
    }

    /// <summary>The lock of <see cref="WriterLock"/>.</summary>
    public Lock Lock { get; } = new();

    public StoreOptions Options { get; }

    public DeadlineClock Clock { get; }

    /// <summary>The groups and their versions.</summary>
    public GroupVersions Groups { get; }

    /// <summary>Which groups there are, in order of their keys.</summary>
    public GroupMaps Maps { get; }

    /// <summary>Families over all groups.</summary>
    public FamilyDirectory Directory { get; }

    public CrossGroupRules Rules { get; }

    public HiddenFamilies Hidden { get; }

    public DeadlineSchedule Deadlines { get; }

    /// <summary>How often groups are to be pushed to; null where nothing says so.</summary>
    public Expectations? Expectations { get; }

    /// <summary>Which are overdue; null where nothing is expected.</summary>
    public OverdueGroups? Overdue { get; }

    public BlockLedger Blocks { get; }

    /// <summary>Null where repeat pushes are not looked for.</summary>
    public ShapeCache? Shapes { get; }

    /// <summary>Work areas of pushes.</summary>
    public PushWorkspaces Workspaces { get; }

    /// <summary>Compressed parts of scrapes.</summary>
    public BundleCache Bundles { get; }

    /// <summary>Work areas of scrapes.</summary>
    public ScrapeWorkspaces Scrapes { get; } = new();

    public FeedList Feeds { get; } = new();

    /// <summary>Those who are told of pushes and ends of groups.</summary>
    public Observers Observers { get; }

    /// <summary>Memory held by scrapes.</summary>
    public HeldBytes Held { get; } = new();

    public StoreCounts Counts { get; } = new();

    /// <summary>How near pushes come to their limits.</summary>
    public PushPeaks Peaks { get; } = new();

    /// <summary>Groups that were deleted together and count still in checks of others.</summary>
    public LeavingGroups LeavingGroups { get; } = new();

    /// <summary>Whether what has gone may count still: what contradicts something then may contradict nothing.</summary>
    public bool MayCountStill => Directory.Leaving > 0 || LeavingGroups.Count > 0;

    /// <summary>Who comes next to change a group.</summary>
    public Turns Turns { get; } = new();

    /// <summary>
    /// Who comes next to add to a group, or to push with an id: both look at what the group has first. Taken before all other locks.
    /// </summary>
    public Turns Adders { get; } = new();

    /// <summary>The key under which ids are hashed. That of a durable copy takes the place of the one drawn at the start.</summary>
    public IdKey IdKey { get; set; } = new();

    /// <summary>What is told who has sent a push that is taken.</summary>
    public PushStatus Taken => Options.CheckConsistency ? PushStatus.Stored : PushStatus.Accepted;

    /// <summary>When the oldest id was stored that is known at a time, in nanoseconds since the Unix epoch.</summary>
    public long OldestId(long now) =>
        Options.IdWindow <= TimeSpan.Zero ? long.MaxValue : now - DeadlineSchedule.Nanoseconds(Options.IdWindow);

    /// <summary>How a push with an id is remembered.</summary>
    /// <param name="ids">The ids of its group; null for none.</param>
    /// <param name="id">Its id.</param>
    /// <param name="body">Its decoded body.</param>
    /// <param name="now">When it came, in nanoseconds since the Unix epoch.</param>
    public StoredId IdOf(PushIds? ids, ReadOnlySpan<byte> id, ReadOnlySpan<byte> body, long now)
    {
        IdKey key = ids?.Key ?? IdKey;
        return new StoredId(key.Hash(id), key.Hash(body), now, Taken);
    }

    /// <summary>What is told of a push that was stored before, by its id; null of another.</summary>
    public PushOutcome? OutcomeOf(PushIds? ids, in StoredId id)
    {
        if (ids is null || !ids.TryFind(id.Id, OldestId(id.At), out StoredId known))
        {
            return null;
        }

        Interlocked.Increment(ref Counts.RepeatedIds);
        return known.Body == id.Body
            ? new PushOutcome(known.Status)
            : new PushOutcome(PushStatus.IdReused, "a push with this id and another body was stored before");
    }

    /// <summary>Groups that are not in the map before the end of a loading, in the order in which they came; null while nothing is
    /// loaded.</summary>
    public List<GroupSlot>? Loaded { get; set; }

    /// <summary>Families that came back hidden and are not looked at yet.</summary>
    public List<(GroupSlot Slot, HiddenFamily Family)> KeptHidden { get; } = [];

    /// <summary>Pushes that look for their series in other groups before they take the writer lock.</summary>
    public int EarlyChecks;

    /// <summary>A check of what a push has in common with other groups.</summary>
    public EarlyCheck NewEarlyCheck() => new(key => Groups.Table.Find(key.Span));
}
