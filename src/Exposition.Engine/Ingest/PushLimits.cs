using System.Text;
using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine.Ingest;

/// <summary>What a push may not exceed, checked once it is read.</summary>
internal static class PushLimits
{
    private const int NameShown = 100;

    private const int MostTimesTheBody = 8;

    /// <summary>Whether a key is too long to be pushed to.</summary>
    public static PushOutcome? Exceeded(StoreOptions options, GroupingKey key) =>
        options.MaxGroupingKeyBytes > 0 && key.Bytes.Length > options.MaxGroupingKeyBytes
            ? new PushOutcome(
                PushStatus.GroupingKeyTooLong,
                    $"grouping key too long: {key.Bytes.Length} bytes are more than {options.MaxGroupingKeyBytes}")
            : null;

    /// <summary>What a body may become.</summary>
    public static long LargestRendering(StoreOptions options, int bodyBytes) => options.MaxRenderedBytes > 0
        ? Math.Min(Math.Max(options.MaxRenderedBytes, (long)MostTimesTheBody * bodyBytes), GroupSize.Largest) : GroupSize.Largest;

    /// <summary>Whether a push is too large to be rendered.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="rendered">See <see cref="RenderedSize"/>.</param>
    /// <param name="bodyBytes">How large it was as it was sent, decoded.</param>
    public static PushOutcome? Exceeded(StoreOptions options, long rendered, int bodyBytes)
    {
        long most = LargestRendering(options, bodyBytes);
        return rendered <= most ? null
            : new PushOutcome(
                PushStatus.RenderedTooLarge,
                $"push too large: with the grouping labels on every line {bodyBytes} bytes become {rendered}, more than {most}");
    }

    /// <summary>Whether a group may not be as large as a push makes it.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="before">How large it was.</param>
    /// <param name="size">How large it would be.</param>
    /// <param name="stored">How large all groups are.</param>
    public static PushOutcome? Exceeded(StoreOptions options, long before, long size, long stored)
    {
        if (size <= before)
        {
            return null;
        }

        long most = options.MaxGroupBytes > 0 ? Math.Min(options.MaxGroupBytes, GroupSize.Largest) : GroupSize.Largest;
        if (size > most)
        {
            return new PushOutcome(PushStatus.GroupTooLarge, $"group too large: {size} bytes are more than {most}");
        }

        return options.MaxStoredBytes > 0 && stored - before + size > options.MaxStoredBytes
            ? new PushOutcome(
                PushStatus.StoreFull,
                $"store full: the group would grow from {before} to {size} bytes, and {stored} of {options.MaxStoredBytes} are stored")
            : null;
    }

    /// <summary>Whether a group may not have as many series as a push makes it have that keeps those of before.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="push">The push.</param>
    /// <param name="samples">How many sample lines there would be, the store's own among them.</param>
    public static PushOutcome? Exceeded(StoreOptions options, PendingPush push, long samples) =>
        push.Join is not null && options.MaxSeriesPerGroup > 0 && samples - BuiltInFamilies.Count > options.MaxSeriesPerGroup
            ? new PushOutcome(
                PushStatus.GroupTooManySeries,
                $"too many series in one group: {samples - BuiltInFamilies.Count} would be more than {options.MaxSeriesPerGroup}")
            : null;

    /// <summary>The limit that a push exceeds, if any.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="key">Where it goes.</param>
    /// <param name="set">What was read.</param>
    /// <param name="bodyBytes">Length of what it was read from: no label value is longer.</param>
    public static PushOutcome? Exceeded(StoreOptions options, GroupingKey key, FamilySet set, int bodyBytes)
    {
        long series = Math.Max((long)set.Metrics.Length + set.Points.Length, set.Families.Length);
        if (options.MaxSeriesPerPush > 0 && series > options.MaxSeriesPerPush)
        {
            return new PushOutcome(
                PushStatus.TooManySeries, $"too many series in one push: {series} are more than {options.MaxSeriesPerPush}");
        }

        int longest = options.MaxLabelValueBytes;
        if (longest > 0 && key.Bytes.Length > longest)
        {
            foreach (GroupingLabel label in key.Labels)
            {
                if (label.Value.Length > longest)
                {
                    return TooLong(label.Name, label.Value.Length, longest);
                }
            }
        }

        if (longest > 0 && bodyBytes > longest)
        {
            foreach (ref readonly LabelRow label in set.Labels)
            {
                if (label.Value.Length > longest)
                {
                    return TooLong(set.Text(label.Name), label.Value.Length, longest);
                }
            }
        }

        return null;
    }

    /// <summary>The outcome of a push that was not read to its end.</summary>
    public static PushOutcome TooManySeries(StoreOptions options) =>
        new(PushStatus.TooManySeries, $"too many series in one push: more than {options.MaxSeriesPerPush}");

    /// <summary>The outcome of a push to a group that is one too many.</summary>
    public static PushOutcome TooManyGroups(StoreOptions options) =>
        new(PushStatus.TooManyGroups, $"too many groups: {options.MaxGroups} are stored");

    /// <summary>The outcome of a push to a group whose label names are one set too many for a family.</summary>
    public static PushOutcome TooManyNameSets(StoreOptions options) =>
        new(PushStatus.TooManyNameSets, $"too many sets of grouping label names: {options.MaxGroupingNameSets} are in use");

    private static PushOutcome TooLong(ReadOnlySpan<byte> name, int length, int longest) =>
        new(PushStatus.LabelTooLong,
            $"value of label {Encoding.UTF8.GetString(name[..Math.Min(name.Length, NameShown)])} is too long: {length} bytes are more "
            + $"than {longest}");
}
