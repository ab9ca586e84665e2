using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Remembering;
using Exposition.Formats;
using Exposition.Formats.Go;

namespace Exposition.Engine.Adding;

// How a push is put together with what its group has.
//
// Where. When a push is rendered (PendingPush.Render), from the newest snapshot of its group, and again where another push was quicker: so
// the sum is always that of what it takes the place of, and everything behind that (checks against other groups, limits, publication,
// feeds) sees a POST of whole families. The decoded push stays as it is; the result is made in sets of its own.
//
// On what. On decoded metrics: the stored family is read back from its text, or its sidecar, and joined with the pushed one, both being in
// the order of SeriesOrder, metric by metric (a histogram is one). So the rules are stated once for all languages. Steady pushes (text, the
// same series) do not come here: PushShape adds their values to those of the block, and allocates nothing.
//
// Exactness. Values are float64, as they are stored, pushed and scraped: whole numbers up to 2^53 add exactly. Counts of histograms and
// summaries are added as 64-bit integers. What is refused changes nothing: all errors come before the publication.
//
// Ids and sources are what a group remembers beside its families (PushIds, SourceTable). A snapshot says how many ids it has and refers to
// its sources, so they are published, kept and lost in one step with the sums.

/// <summary>The families of a push, put together with those that its group has.</summary>
/// <param name="options">The rules.</param>
/// <param name="mode">How.</param>
internal sealed class GroupJoin(StoreOptions options, PushMode mode) : IPushJoin
{
    private readonly List<int> _made = [];
    private readonly FamilySet _stored = new();
    private readonly FamilySet _grown = new();
    private readonly FamilyJoin _join = new();

    /// <inheritdoc/>
    public FamilySet Families { get; } = new();

    /// <summary>What its parts do, and of when they are; null where all do the same.</summary>
    public PushParts? Parts { get; init; }

    /// <summary>The source whose values they are, where some are cumulative.</summary>
    public string? Source { get; init; }

    /// <inheritdoc/>
    public SourceTable? Sources { get; private set; }

    /// <inheritdoc/>
    public int Late { get; private set; }

    /// <inheritdoc/>
    public PushOutcome? Refused { get; private set; }

    /// <inheritdoc/>
    public List<int> Make(FamilySet pushed, List<int> families, GroupSnapshot? before, long now)
    {
        Families.Reset();
        _made.Clear();
        Refused = null;
        before = before is { IsExpired: true } ? null : before;
        SourceUpdate? update = null;
        SourceTable? sources = before?.Memory?.Sources;
        if (Source is not null)
        {
            sources = (sources ?? SourceTable.Empty).Forget(options, now);
            SourceState? source = sources.Find(Source);
            if (source is not { IsForgotten: false } && options.MaxSources > 0 && sources.Count >= options.MaxSources)
            {
                Refused = new PushOutcome(
                    PushStatus.TooManySources, $"too many sources: the group has the values of {sources.Count}, the most it may");
                return _made;
            }

            update = new SourceUpdate(source, Parts?.Times);
        }

        foreach (int family in families)
        {
            if (Join(pushed, family, before, update) is { } error)
            {
                Refused = new PushOutcome(PushStatus.Unmergeable, error);
                return _made;
            }
        }

        Late = update?.Late ?? 0;
        Sources = update is null ? sources : sources!.With(Source!, update.Make(now));
        return _made;
    }

    private string? Join(FamilySet pushed, int family, GroupSnapshot? before, SourceUpdate? update)
    {
        ReadOnlySpan<byte> name = pushed.Text(pushed.Families[family].Name);
        PushMode how = BuiltInFamilies.IsAny(name) ? PushMode.Merge : Parts is { } parts ? parts.Modes[family] : mode;
        MetricType type = pushed.Families[family].Type;
        bool adds = how is PushMode.Add or PushMode.Cumulative;
        if (adds && MetricSum.IsAdded(type) && ErrorOf(pushed, family) is { } wrong)
        {
            return wrong;
        }

        FamilyEntry entry = default;
        bool joins = PushModes.Joins(how) && before is not null && before.TryGet(name, out entry) && !entry.Text.IsEmpty;
        if (joins && entry.Type != type)
        {
            return $"the stored metric family \"{ShownText.Of(name)}\" is a {PushRules.TypeName(entry.Type)}, "
                + $"the pushed one a {PushRules.TypeName(type)}";
        }

        Aggregate aggregate = adds ? AggregateRules.Of(options.Aggregates, name) : Aggregate.Last;
        if (how == PushMode.Cumulative && (MetricSum.IsAdded(type) || aggregate == Aggregate.Sum))
        {
            if (update!.Grow(pushed, family, _grown) is { } error)
            {
                return error;
            }

            (pushed, family) = (_grown, 0);
        }

        int made = FamilyCopy.Head(pushed, family, Families);
        _made.Add(made);
        if (!joins)
        {
            FamilyCopy.Metrics(pushed, family, Families, made);
            return null;
        }

        entry.Read(_stored);
        string? failed = _join.Add(_stored, pushed, family, Families, made, adds, aggregate);
        _stored.Reset();
        return failed is null ? null : $"{failed} in the metric family \"{ShownText.Of(Families.Text(Families.Families[made].Name))}\"";
    }

    private static string? ErrorOf(FamilySet set, int family)
    {
        MetricType type = set.Families[family].Type;
        for (int at = set.Families[family].FirstMetric; at >= 0; at = set.Metrics[at].Next)
        {
            if (MetricSum.ErrorOf(new MetricRef(set, at), type) is { } error)
            {
                return $"{PushRules.Collected(set, family, at)} cannot be added: {error}";
            }
        }

        return null;
    }
}
