using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Exposition.Engine;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.SelfMetrics;

// Each source fills a set of its own, so whatever it does there costs its families only. A name is the source's that has exposed it first,
// for good; so two sources with one name do not take turns. What a source exposes is reserved in the store when it is first seen, at the
// start or later.

/// <summary>
/// The families that the engine and its host expose beside the pushed ones, put together for each scrape. Safe for concurrent use.
/// </summary>
/// <param name="store">Where names are reserved; null where nothing pushed is exposed beside them.</param>
/// <param name="logger">Told once of each source and fault.</param>
internal sealed class MetricSources(MetricStore? store, ILogger logger)
{
    private const int MostNames = 10_000;

    private readonly ConcurrentDictionary<byte[], OwnName> _names = Start(store);
    private readonly ConcurrentBag<Scratch> _spare = [];
    private readonly NamedCounters _faults = new(NamedCounters.NamesOf<SourceFault>(JsonNamingPolicy.SnakeCaseLower));
    private volatile Source[] _sources = [];

    public void Add(IMetricSource own) => Add(own.GetType().Name, own.Collect);

    /// <summary>Adds a source and reserves its names.</summary>
    /// <param name="name">What the log calls it.</param>
    /// <param name="collect">See <see cref="IMetricSource.Collect"/>.</param>
    /// <param name="later">Names that are the source's, though it need not show them yet.</param>
    public void Add(string name, Action<FamilySet> collect, params ReadOnlySpan<string> later)
    {
        var source = new Source(name, collect);
        foreach (string family in later)
        {
            _names.TryAdd(Encoding.UTF8.GetBytes(family), new OwnName(source));
        }

        lock (_faults)
        {
            _sources = [.. _sources, source];
        }

        Collect(source, null);
    }

    /// <summary>Adds the families of all sources as they are now to <paramref name="into"/>.</summary>
    public void Collect(FamilySet into)
    {
        foreach (Source source in _sources)
        {
            Collect(source, into);
        }
    }

    /// <summary>How often a source has failed that way.</summary>
    public long Faults(SourceFault fault) => _faults[(int)fault];

    /// <summary>Adds the count of what was left out.</summary>
    public void CollectFaults(FamilySet into) => _faults.Collect(into, "pushgateway_engine_own_metrics_failures_total"u8,
        "Sources of own families, and families of theirs, that were left out of a scrape, by reason."u8, "reason"u8);

    private void Collect(Source source, FamilySet? into)
    {
        Scratch scratch = _spare.TryTake(out Scratch? spare) ? spare : new Scratch();
        FamilySet set = scratch.Set;
        try
        {
            source.Collect(set);
        }
        catch (Exception e)
        {
            // Half of it may be there, and none of it is trusted.
            Fail(source, SourceFault.Exception, e.GetType().Name, e);
            set.Reset();
        }

        for (int family = 0; family < set.Families.Length; family++)
        {
            if (IsGood(source, scratch, family) && into is not null)
            {
                SourceCopy.Add(set, family, into);
            }
        }

        set.Reset();
        scratch.Seen.Clear();
        _spare.Add(scratch);
    }

    private bool IsGood(Source source, Scratch scratch, int family)
    {
        FamilySet set = scratch.Set;
        ReadOnlySpan<byte> name = set.Text(set.Families[family].Name);
        if (SourceCopy.Error(set, family, scratch.Order) is { } error)
        {
            Fail(source, SourceFault.Invalid, error);
            return false;
        }

        if (!_names.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out OwnName? known))
        {
            if (_names.Count >= MostNames)
            {
                Fail(source, SourceFault.Invalid, "there are too many families");
                return false;
            }

            known = _names.GetOrAdd(name.ToArray(), static (_, source) => new OwnName(source), source);
        }

        if (known.Owner != source || !scratch.Seen.Add(known))
        {
            Fail(source, SourceFault.Repeated,
                $"{Encoding.UTF8.GetString(name)} is exposed by {(known.Owner is { } owner ? owner.Name : "the store")} already");
            return false;
        }

        MetricType type = set.Families[family].Type;
        if (known.Type != type)
        {
            store?.ReserveFamily(name, type);
            known.Type = type;
        }

        return true;
    }

    private void Fail(Source source, SourceFault fault, string reason, Exception? exception = null)
    {
        _faults.Count((int)fault);
        int bit = 1 << (int)fault;
        if ((Interlocked.Or(ref source.Told, bit) & bit) == 0)
        {
            SourceLog.SourceFailed(logger, source.Name, reason, exception);
        }
    }

    // The store exposes families of its own with each group.
    private static ConcurrentDictionary<byte[], OwnName> Start(MetricStore? store)
    {
        var names = new ConcurrentDictionary<byte[], OwnName>(Utf8Key.Comparer)
        {
            [BuiltInFamilies.PushTime] = new OwnName(null),
            [BuiltInFamilies.PushFailure] = new OwnName(null),
            [BuiltInFamilies.Expired] = new OwnName(null),
        };
        if (store is { Options.PushExpectations.Count: > 0 })
        {
            names[BuiltInFamilies.Overdue] = new OwnName(null);
        }

        return names;
    }

    private sealed class Source(string name, Action<FamilySet> collect)
    {
        /// <summary>The faults that were logged.</summary>
        public int Told;

        public string Name => name;

        public Action<FamilySet> Collect => collect;
    }

    private sealed class OwnName(Source? owner)
    {
        public Source? Owner => owner;

        /// <summary>As it was reserved; null before that.</summary>
        public MetricType? Type { get; set; }
    }

    private sealed class Scratch
    {
        public FamilySet Set { get; } = new();

        public HashSet<OwnName> Seen { get; } = [];

        public SeriesOrder Order { get; } = new();
    }
}
