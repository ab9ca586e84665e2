using System.Text;
using Exposition.Formats;

namespace Exposition.Store.Internal;

/// <summary>What a push may not exceed, checked once it is read.</summary>
internal static class PushLimits
{
    private const int NameShown = 100;

    /// <summary>The limit that a push exceeds, if any.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="key">Where it goes.</param>
    /// <param name="set">What was read.</param>
    /// <param name="bodyBytes">Length of what it was read from: no label value is longer.</param>
    public static PushOutcome? Exceeded(StoreOptions options, GroupingKey key, FamilySet set, int bodyBytes)
    {
        long series = (long)set.Metrics.Length + set.Points.Length;
        if (options.MaxSeriesPerPush > 0 && series > options.MaxSeriesPerPush)
        {
            return new PushOutcome(PushStatus.TooManySeries, $"too many series in one push: {series} are more than {options.MaxSeriesPerPush}");
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

    /// <summary>The outcome of a push to a group that is one too many.</summary>
    public static PushOutcome TooManyGroups(StoreOptions options) =>
        new(PushStatus.TooManyGroups, $"too many groups: {options.MaxGroups} are stored");

    /// <summary>The outcome of a push to a group whose label names are one set too many.</summary>
    public static PushOutcome TooManyNameSets(StoreOptions options) =>
        new(PushStatus.TooManyNameSets, $"too many sets of grouping label names: {options.MaxGroupingNameSets} are in use");

    private static PushOutcome TooLong(ReadOnlySpan<byte> name, int length, int longest) =>
        new(PushStatus.LabelTooLong, $"value of label {Encoding.UTF8.GetString(name[..Math.Min(name.Length, NameShown)])} is too long: {length} bytes are more than {longest}");
}
