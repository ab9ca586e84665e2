using System.Collections.Immutable;

namespace Exposition.Engine.Remembering;

/// <summary>What a group knows of one that pushes cumulative values.</summary>
/// <param name="LastPush">Its last push, in nanoseconds since the Unix epoch.</param>
/// <param name="Families">The values that count of it so far, in order of their names; null where they are forgotten.</param>
/// <param name="Times">Of when each metric of each family is, in nanoseconds since the Unix epoch; null where none says so.</param>
internal sealed record SourceState(long LastPush, FamilyEntry[]? Families, long[]?[]? Times = null)
{
    private const int OfSource = 256;
    private const int OfFamily = 128;

    public bool IsForgotten => Families is null;

    /// <summary>What it counts for in <see cref="MetricStore.StoredBytes"/>.</summary>
    public long Bytes { get; } =
        OfSource + (Families ?? []).Sum(static entry =>
            OfFamily + entry.Name.Length + entry.Help.Length + entry.Text.Length + (long)entry.Sidecar.Length)
        + (Times ?? []).Sum(static times => sizeof(long) * (times?.LongLength ?? 0));

    /// <summary>Of when the metrics of a family are; null where they do not say.</summary>
    public long[]? TimesOf(int family, int metrics) =>
        Times?[family] is { } times && times.Length == metrics ? times : null;
}

// A source that has gone for long is forgotten, but for its name and the time of its last push: by these it is known when it comes back,
// and starts from what it has then. Names are kept for as many as there may be sources; of more the oldest goes.

/// <summary>The sources of a group. Immutable.</summary>
internal sealed class SourceTable
{
    private readonly ImmutableDictionary<string, SourceState> _all;
    private readonly long _oldest;

    private SourceTable(ImmutableDictionary<string, SourceState> all, int count, long bytes, long oldest) =>
        (_all, Count, Bytes, _oldest) = (all, count, bytes, oldest);

    public static SourceTable Empty { get; } =
        new(ImmutableDictionary.Create<string, SourceState>(StringComparer.Ordinal), 0, 0, long.MaxValue);

    /// <summary>How many have values.</summary>
    public int Count { get; }

    /// <summary>What all count for in <see cref="MetricStore.StoredBytes"/>.</summary>
    public long Bytes { get; }

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<KeyValuePair<string, SourceState>> All => _all;

    /// <summary>Makes a table.</summary>
    public static SourceTable Of(IEnumerable<KeyValuePair<string, SourceState>> all)
    {
        var sources = ImmutableDictionary.CreateRange(StringComparer.Ordinal, all);
        int count = 0;
        long bytes = 0;
        long oldest = long.MaxValue;
        foreach ((string name, SourceState source) in sources)
        {
            count += source.IsForgotten ? 0 : 1;
            bytes += source.Bytes + (2 * name.Length);
            oldest = source.IsForgotten ? oldest : Math.Min(oldest, source.LastPush);
        }

        return new SourceTable(sources, count, bytes, oldest);
    }

    public SourceState? Find(string source) => _all.GetValueOrDefault(source);

    /// <summary>The table with what is new of one source.</summary>
    public SourceTable With(string source, SourceState state)
    {
        SourceState? old = Find(source);
        return new SourceTable(
            _all.SetItem(source, state),
            Count + (old is { IsForgotten: false } ? 0 : 1),
            Bytes + state.Bytes - (old?.Bytes ?? -2 * source.Length),
            Math.Min(_oldest, state.LastPush));
    }

    /// <summary>The table without the values of those that have not pushed for too long.</summary>
    public SourceTable Forget(StoreOptions options, long now)
    {
        long age = options.SourceAge <= TimeSpan.Zero ? long.MaxValue : Expiry.DeadlineSchedule.Nanoseconds(options.SourceAge);
        if (_oldest >= now - age || age == long.MaxValue)
        {
            return this;
        }

        SourceTable left = Of(_all.Select(source => !source.Value.IsForgotten && source.Value.LastPush < now - age
            ? KeyValuePair.Create(source.Key, new SourceState(source.Value.LastPush, null)) : source));
        int names = left._all.Count - left.Count - options.MaxSources;
        return options.MaxSources <= 0 || names <= 0 ? left
            : Of(left._all.Except(left._all.Where(static source => source.Value.IsForgotten)
                .OrderBy(static source => source.Value.LastPush).Take(names)));
    }
}
