using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;
using Exposition.Formats.Go;

namespace Exposition.Engine.Consistency;

// Two groups can hold the same series only if their sets of grouping label names differ: every series carries its group's labels, so with
// equal sets of names and different keys some grouping label differs in value. So for each family of the push and each *other* name set
// under which that family is stored, each pushed series is projected on the set; the projection is the key of the only group that could
// hold the series, and only that group's piece of the family is searched (RepeatedSeries, SeriesSearch).
// Cost: series of the push x other name sets of its families, and for each that a group could hold the logarithm of what it holds. Runs
// under the writer lock, but for what an EarlyCheck has found before.

/// <summary>The rules between a push and what is stored in other groups.</summary>
internal sealed class CrossGroupRules(FamilyDirectory directory, RepeatedSeries repeats, Func<IEnumerable<GroupSlot>> all)
{
    // For the name of a group in a refusal.
    private const int MostSearched = 1000;

    private static readonly byte[] s_bucket = "_bucket"u8.ToArray();

    private byte[] _name = new byte[256];

    /// <summary>The endings of the sample names of histograms; summaries have the first two.</summary>
    public static byte[][] HistogramSuffixes { get; } = ["_count"u8.ToArray(), "_sum"u8.ToArray(), s_bucket];

    /// <summary>
    /// Whether a family of a type writes samples with a name of that ending. (Gauge histograms are exempt, as in the Pushgateway.)
    /// </summary>
    public static bool Folds(MetricType type, byte[] suffix) =>
        type == MetricType.Histogram || (type == MetricType.Summary && !ReferenceEquals(suffix, s_bucket));

    /// <summary>The names of the families that one of a name and type may contradict, its own first.</summary>
    public static List<byte[]> NamesBeside(byte[] name, MetricType type)
    {
        List<byte[]> names = [name];
        foreach (byte[] suffix in HistogramSuffixes)
        {
            if (Folds(type, suffix))
            {
                names.Add([.. name, .. suffix]);
            }

            if (name.Length > suffix.Length && name.AsSpan().EndsWith(suffix))
            {
                names.Add(name[..^suffix.Length]);
            }
        }

        return names;
    }

    /// <summary>Checks one pushed family against everything that is exposed.</summary>
    /// <param name="set">The push, labels merged and metrics sorted.</param>
    /// <param name="family">Index of the family.</param>
    /// <param name="self">The group pushed to as it was, or null if it is new.</param>
    /// <param name="selfNames">The group's name set, or null if no group has it yet.</param>
    /// <param name="next">The families of the group as they would be after the push.</param>
    /// <param name="early">What was found of its series before, and holds.</param>
    /// <returns>What it contradicts, or null.</returns>
    public Clash? Find(
        FamilySet set, int family, GroupSnapshot? self, NameSet? selfNames, ReadOnlySpan<FamilyEntry> next, EarlyCheck? early = null)
    {
        ref FamilyRow row = ref set.Families[family];
        ReadOnlySpan<byte> name = set.Text(row.Name);
        return TypeError(set, family, name, row.Type, self)
            ?? SuffixError(name, row.Type, self, next)
            ?? (early is not null && early.Knows(family) ? early.ClashOf(family) : DuplicateError(set, family, name, self, selfNames));
    }

    /// <summary>
    /// Whether a stored family might contradict what is exposed, as far as names and types can tell. If not, <see cref="Find"/> would find
    /// nothing either, and its samples need not be read.
    /// </summary>
    /// <param name="entry">The family.</param>
    /// <param name="key">The key of its group.</param>
    /// <param name="self">Its group as it was, or null if it is new.</param>
    /// <param name="selfNames">The group's name set, or null if no group has it yet.</param>
    /// <param name="next">The families of the group as they would be.</param>
    public bool Suspects(in FamilyEntry entry, GroupingKey key, GroupSnapshot? self, NameSet? selfNames, ReadOnlySpan<FamilyEntry> next)
    {
        ReadOnlySpan<byte> name = entry.Name.Span;
        if ((entry.Type != MetricType.Gauge && BuiltInFamilies.IsEither(name)) || SuffixError(name, entry.Type, self, next) is not null)
        {
            return true;
        }

        if (!directory.TryGet(name, out FamilyInfo? info))
        {
            return false;
        }

        if (BuiltInFamilies.IsAny(name)
            && (!BuiltInFamilies.IsPlain(entry, next) || directory.NameSets.EmptyInstances > 0 || key.HasEmptyInstance))
        {
            return true;
        }

        for (MetricType other = MetricType.Counter; other <= MetricType.GaugeHistogram; other++)
        {
            if (FamilyHead.KindOf(other) != FamilyHead.KindOf(entry.Type) && info.GroupsOf(other) > 0)
            {
                return true;
            }
        }

        foreach ((NameSet names, _) in info.NameSets)
        {
            if (!ReferenceEquals(names, selfNames))
            {
                return true;
            }
        }

        return info.Reserved is { } reserved && reserved != entry.Type;
    }

    private Clash? TypeError(FamilySet set, int family, ReadOnlySpan<byte> name, MetricType type, GroupSnapshot? self)
    {
        if (BuiltInFamilies.IsEither(name) && type != MetricType.Gauge)
        {
            return new Clash($"{PushRules.Collected(set, family, set.Families[family].FirstMetric)} is not a GAUGE");
        }

        if (!directory.TryGet(name, out FamilyInfo? info))
        {
            return null;
        }

        if (info.Reserved is { } reserved && reserved != type)
        {
            return new Clash(
                $"gathered metric family {ShownText.Of(name)} has type {PushRules.TypeName(type)} but should have "
                    + $"{PushRules.TypeName(reserved)}",
                Family: info.Name, IsWithHost: true);
        }

        MetricType? ours = self is not null && self.TryGet(name, out FamilyEntry old) && old.IsExposed ? old.Type : null;
        for (MetricType other = MetricType.Counter; other <= MetricType.GaugeHistogram; other++)
        {
            if (FamilyHead.KindOf(other) != FamilyHead.KindOf(type) && info.GroupsOf(other) > (ours == other ? 1 : 0))
            {
                return new Clash(
                    $"{PushRules.Collected(set, family, set.Families[family].FirstMetric)} is not a {PushRules.TypeName(other)}"
                        + RefusalWords.Of(type, GroupOf(info, other, self), "it", other), Family: info.Name);
            }
        }

        return null;
    }

    private Clash? SuffixError(ReadOnlySpan<byte> name, MetricType type, GroupSnapshot? self, ReadOnlySpan<FamilyEntry> next)
    {
        foreach (byte[] suffix in HistogramSuffixes)
        {
            if (Folds(type, suffix) && Concat(name, suffix) is var full && Exists(full, self, next, static _ => true) is { } there)
            {
                string what = ReferenceEquals(suffix, s_bucket) ? "histogram" : "histogram or summary";
                return new Clash(
                    $"collected {what} named {GoQuote.Text(name)} collides with previously collected metric named "
                        + GoQuote.Text(full) + InWords(type, there, GoQuote.Text(full)),
                    Family: full.ToArray(), IsWithHost: there.IsHost);
            }

            if (name.Length > suffix.Length && name.EndsWith(suffix))
            {
                ReadOnlySpan<byte> stem = name[..^suffix.Length];
                string kind = "histogram";
                Holder? holder = Exists(stem, self, next, static t => t == MetricType.Histogram);
                if (holder is null && !ReferenceEquals(suffix, s_bucket))
                {
                    kind = "summary";
                    holder = Exists(stem, self, next, static t => t == MetricType.Summary);
                }

                if (holder is { } other)
                {
                    return new Clash(
                        $"collected metric named {GoQuote.Text(name)} collides with previously collected {kind} named "
                            + GoQuote.Text(stem) + InWords(type, other, GoQuote.Text(stem)),
                        Family: stem.ToArray(), IsWithHost: other.IsHost);
                }
            }
        }

        return null;
    }

    // Where a family would be after the push: in another group, in the pushed group's next state, or as a family of the host. Null if it
    // would not be there.
    private Holder? Exists(ReadOnlySpan<byte> name, GroupSnapshot? self, ReadOnlySpan<FamilyEntry> next, Func<MetricType, bool> matches)
    {
        if (GroupSnapshot.IndexOf(next, name) is int at and >= 0 && next[at].IsExposed && matches(next[at].Type))
        {
            return new Holder("the same group", next[at].Type);
        }

        if (!directory.TryGet(name, out FamilyInfo? info))
        {
            return null;
        }

        if (info.Reserved is { } reserved && matches(reserved))
        {
            return new Holder("the gateway itself", reserved, IsHost: true);
        }

        MetricType? ours = self is not null && self.TryGet(name, out FamilyEntry old) && old.IsExposed ? old.Type : null;
        for (MetricType type = MetricType.Counter; type <= MetricType.GaugeHistogram; type++)
        {
            if (matches(type) && info.GroupsOf(type) > (ours == type ? 1 : 0))
            {
                return new Holder(GroupOf(info, type, self), type);
            }
        }

        return null;
    }

    // Names a group, other than the pushed one, that holds a family with a type. The directory knows the last that took it up, mostly;
    // where that one has gone since, some groups are searched, once.
    private string GroupOf(FamilyInfo info, MetricType type, GroupSnapshot? self)
    {
        GroupSlot? holder = info.HolderOf(type);
        if (holder is null || ReferenceEquals(holder.Key, self?.Key))
        {
            holder = all().Take(MostSearched).FirstOrDefault(slot => !ReferenceEquals(slot.Key, self?.Key)
                && slot.Current!.TryGet(info.Name, out FamilyEntry entry) && entry.Type == type && entry.IsExposed);
            info.SetHolder(type, holder);
        }

        return holder is null ? "another group" : $"group {holder.Key}";
    }

    private static string InWords(MetricType pushed, Holder holder, string what) =>
        RefusalWords.Of(pushed, holder.Who, what, holder.Type);

    private Clash? DuplicateError(FamilySet set, int family, ReadOnlySpan<byte> name, GroupSnapshot? self, NameSet? selfNames) =>
        directory.TryGet(name, out FamilyInfo? info) ? repeats.Find(set, family, self?.Slot, info.NameSets, selfNames) : null;

    private ReadOnlySpan<byte> Concat(ReadOnlySpan<byte> name, ReadOnlySpan<byte> suffix)
    {
        if (_name.Length < name.Length + suffix.Length)
        {
            _name = new byte[(name.Length + suffix.Length) * 2];
        }

        name.CopyTo(_name);
        suffix.CopyTo(_name.AsSpan(name.Length));
        return _name.AsSpan(0, name.Length + suffix.Length);
    }

    /// <summary>Who has a family.</summary>
    /// <param name="Who">In words.</param>
    /// <param name="Type">The type that it has there.</param>
    /// <param name="IsHost">Whether it is the host.</param>
    private readonly record struct Holder(string Who, MetricType Type, bool IsHost = false);
}
