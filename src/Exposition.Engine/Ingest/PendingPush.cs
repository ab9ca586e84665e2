using System.Runtime.InteropServices;
using Exposition.Engine.Counting;
using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Engine.Remembering;
using Exposition.Formats;

namespace Exposition.Engine.Ingest;

/// <summary>A push on its way: read, then prepared (labels merged, rules kept, metrics in order), then rendered.</summary>
internal sealed class PendingPush(PushWorkspace workspace, GroupingKey key, long now)
{
    // Of what was read; and of what is rendered, which is the same where nothing is joined.
    private readonly List<int> _prepared = [];
    private List<int>? _made;
    private FamilySet? _joined;
    private long _joinedWith;
    private readonly List<(int Family, int Entry)> _rendered = [];
    private int _ownTime = -1;
    private int _ownFailure = -1;
    private int _ownExpired = -1;

    private List<int> Made => _made ?? _prepared;

    public GroupingKey Key { get; } = key;

    /// <summary>When it came, by both clocks; only of one that is to be published.</summary>
    public Moment At { get; init; }

    /// <summary>What becomes of the group's other families.</summary>
    public PushMode Mode { get; init; }

    /// <summary>Puts it together with what the group has, each time it is rendered; null where whole families are pushed.</summary>
    public IPushJoin? Join { get; init; }

    /// <summary>Whether what it does is said by its body and mode alone, so that the next one may be patched in.</summary>
    public bool MayRepeat { get; init; } = true;

    /// <summary>How it is remembered by its id, if it has one.</summary>
    public StoredId? Id { get; init; }

    /// <summary>After which time its series shall expire, if it says so.</summary>
    public TimeSpan? ExpireAfter { get; init; }

    /// <summary>How much is in it.</summary>
    public PushExtent Extent { get; init; }

    /// <summary>How many sample lines the last rendering has, the store's own left out.</summary>
    public long PushedSamples
    {
        get
        {
            if (Join is not null)
            {
                return workspace.Families.Metrics.Length + (long)workspace.Families.Points.Length;
            }

            long samples = KeepsFailure ? -1 : -BuiltInFamilies.Count;
            foreach (ref readonly FamilyEntry entry in Entries.AsSpan())
            {
                samples += entry.SampleCount;
            }

            return samples;
        }
    }

    /// <summary>What it is made in.</summary>
    public PushWorkspace Workspace => workspace;

    /// <summary>What was read; after a rendering what was rendered.</summary>
    public FamilySet Families => _joined ?? workspace.Families;

    /// <summary>The name of a family.</summary>
    public ReadOnlySpan<byte> NameOf(int family) => Families.Text(Families.Families[family].Name);

    /// <summary>What the last rendering gave.</summary>
    public FamilyEntry[] Entries { get; private set; } = [];

    /// <summary>Whether the last rendering left <c>push_failure_time_seconds</c> to the group.</summary>
    public bool KeepsFailure { get; private set; }

    /// <summary>The block that the last rendering wrote into. Whoever publishes the entries owns it.</summary>
    public byte[] Block { get; private set; } = [];

    /// <summary>What the last rendering wrote: index of the family in <see cref="Families"/>, index of its entry.</summary>
    public ReadOnlySpan<(int Family, int Entry)> Rendered => CollectionsMarshal.AsSpan(_rendered);

    /// <summary>Merges the grouping labels, sorts, and checks every rule inside the push.</summary>
    /// <param name="leaveOut">Leave out what breaks a rule instead of refusing the push.</param>
    /// <param name="withOwn">Take push_time_seconds like any other family, because what was kept is read.</param>
    /// <returns>The first broken rule, or null.</returns>
    public string? Prepare(bool leaveOut, bool withOwn = false)
    {
        FamilySet set = Families;
        workspace.Labels.Apply(Key, set);
        int count = set.Families.Length;
        for (int family = 0; family < count; family++)
        {
            // An empty message has nothing to store.
            ref FamilyRow row = ref set.Families[family];
            ReadOnlySpan<byte> name = set.Text(row.Name);
            if ((IsStores(name, row.Type) && !withOwn) || (name.IsEmpty && row.MetricCount == 0))
            {
                continue;
            }

            workspace.Series.Sort(set, family);
            string? error = PushRules.FamilyError(set, family);
            if (error is null)
            {
                error = CheckMetrics(family, leaveOut);
            }
            else if (leaveOut)
            {
                continue;
            }

            if (error is not null)
            {
                return error;
            }

            _prepared.Add(family);
        }

        return null;
    }

    /// <summary>Renders the push with the store's own two families.</summary>
    /// <param name="before">The group so far.</param>
    /// <param name="pool">Where the block comes from; null for one of exactly the size needed.</param>
    /// <param name="keepPushedFailure">The group has a push_failure_time_seconds: it stays, or one that was pushed takes its place. Else it
    /// starts at 0 and a pushed one does not count.</param>
    public FamilyEntry[] Render(GroupSnapshot? before, BlockPool? pool, bool keepPushedFailure)
    {
        JoinWith(before);
        var families = new List<int>(Made);
        KeepsFailure = keepPushedFailure;
        if (!keepPushedFailure)
        {
            families.RemoveAll(family => Families.Text(Families.Families[family].Name).SequenceEqual(BuiltInFamilies.PushFailure));
            families.Add(
                _ownFailure = _ownFailure >= 0 ? _ownFailure : AddOwn(BuiltInFamilies.PushFailure, BuiltInFamilies.PushFailureHelp, 0));
        }

        families.Add(_ownTime = _ownTime >= 0 ? _ownTime : AddOwn(BuiltInFamilies.PushTime, BuiltInFamilies.PushTimeHelp, now / 1e9));
        return RenderSorted(families, before, pool);
    }

    /// <summary>Puts it together with the group so far, if it is one that is.</summary>
    public void JoinWith(GroupSnapshot? before)
    {
        if (Join is { } join)
        {
            _joined = null;
            _made = join.Make(workspace.Families, _prepared, before, now);
            (_joined, _joinedWith, _ownTime, _ownFailure) = (join.Families, before?.Version ?? 0, -1, -1);
        }
    }

    /// <summary>Whether the last rendering was made for a group as it is.</summary>
    public bool IsRenderedFor(GroupSnapshot? group) => Join is null || _joinedWith == (group?.Version ?? 0);

    /// <summary>Renders the families as they are, or were put together, without the store's own two.</summary>
    public FamilyEntry[] RenderKept() => RenderSorted(Made, null, null);

    /// <summary>
    /// The same, sharing names and help texts with entries that are there, valid as long as nothing else is done with the workspace.
    /// </summary>
    /// <returns>Null if they need more than text.</returns>
    public FamilyEntry[]? RenderInPlace(ReadOnlySpan<FamilyEntry> known)
    {
        Sort(Made);
        return SnapshotBuilder.RenderInPlace(Families, workspace.Text, workspace.Sidecar, CollectionsMarshal.AsSpan(Made), known);
    }

    /// <summary>Renders only the trace of a refused push.</summary>
    public FamilyEntry[] RenderFailure(GroupSnapshot? before, bool withPushTime)
    {
        _ownFailure = AddOwn(BuiltInFamilies.PushFailure, BuiltInFamilies.PushFailureHelp, now / 1e9);
        var families = new List<int> { _ownFailure };
        if (withPushTime)
        {
            families.Add(_ownTime = AddOwn(BuiltInFamilies.PushTime, BuiltInFamilies.PushTimeHelp, 0));
        }

        return RenderSorted(families, before, null);
    }

    /// <summary>Renders only what the store adds to a push.</summary>
    /// <param name="before">The group so far.</param>
    /// <param name="withFailure">Also the failure time of a group that has none: 0.</param>
    public FamilyEntry[] RenderOwn(GroupSnapshot? before, bool withFailure)
    {
        var families = new List<int>();
        if (withFailure)
        {
            families.Add(_ownFailure = AddOwn(BuiltInFamilies.PushFailure, BuiltInFamilies.PushFailureHelp, 0));
        }

        families.Add(_ownTime = AddOwn(BuiltInFamilies.PushTime, BuiltInFamilies.PushTimeHelp, now / 1e9));
        return RenderSorted(families, before, null);
    }

    /// <summary>Renders only the mark of an expired group.</summary>
    public FamilyEntry[] RenderExpired()
    {
        _ownExpired = AddOwn(BuiltInFamilies.Expired, BuiltInFamilies.ExpiredHelp, 1);
        return RenderSorted([_ownExpired], null, null);
    }

    /// <summary>Whether a family is one that the store made itself.</summary>
    public bool IsOwn(int family) => family == _ownTime || family == _ownFailure || family == _ownExpired;

    // The push time, whether the group has expired, and a failure time that is no gauge: as a family of all groups it would be at odds with
    // every other.
    private bool IsStores(ReadOnlySpan<byte> name, MetricType type) =>
        name.SequenceEqual(BuiltInFamilies.PushTime) || name.SequenceEqual(BuiltInFamilies.Expired)
            || (workspace.ReservesOverdue && name.SequenceEqual(BuiltInFamilies.Overdue))
            || (name.SequenceEqual(BuiltInFamilies.PushFailure) && type != MetricType.Gauge);

    private string? CheckMetrics(int family, bool leaveOut)
    {
        FamilySet set = Families;
        List<int> kept = workspace.Order;
        kept.Clear();
        int previous = -1;
        bool broken = false;
        for (int metric = set.Families[family].FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            if (PushRules.MetricError(set, family, metric, previous) is { } error)
            {
                if (!leaveOut)
                {
                    return error;
                }

                broken = true;
                continue;
            }

            previous = metric;
            kept.Add(metric);
        }

        if (broken)
        {
            set.SetMetrics(family, CollectionsMarshal.AsSpan(kept));
        }

        return null;
    }

    private int AddOwn(byte[] name, byte[] help, double seconds)
    {
        FamilySet set = Families;
        int family = set.AddFamily(name, MetricType.Gauge, help);
        int metric = set.AddMetric(family);
        set.Metrics[metric].Content = MetricContent.Gauge;
        set.Metrics[metric].Value = seconds;
        workspace.Labels.ApplyTo(Key, set, metric);
        return family;
    }

    private void Sort(List<int> families) => families.Sort((a, b) => NameOf(a).SequenceCompareTo(NameOf(b)));

    private FamilyEntry[] RenderSorted(List<int> families, GroupSnapshot? before, BlockPool? pool)
    {
        FamilySet set = Families;
        Sort(families);
        _rendered.Clear();
        for (int i = 0; i < families.Count; i++)
        {
            _rendered.Add((families[i], i));
        }

        Entries = SnapshotBuilder.Render(
            set, workspace.Text, workspace.Sidecar, CollectionsMarshal.AsSpan(families), now,
            before is null ? [] : before.Families, pool, isFirst: before is null, out byte[] block);
        Block = block;
        return Entries;
    }
}
