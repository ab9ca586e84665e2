using Exposition.Formats;

namespace Exposition.Engine.Counting;

/// <summary>
/// The largest of what limits of single pushes are set for, of pushes that were taken or refused. Safe for concurrent use.
/// </summary>
internal sealed class PushPeaks
{
    /// <summary>Bytes of a grouping key.</summary>
    public LargestSeen GroupingKey { get; } = new();

    /// <summary>Series of a push, as <see cref="StoreOptions.MaxSeriesPerPush"/> counts them.</summary>
    public LargestSeen Series { get; } = new();

    /// <summary>Bytes of a label value.</summary>
    public LargestSeen LabelValue { get; } = new();

    /// <summary>What a push becomes, as a share of what it may become, see <see cref="Share"/>.</summary>
    public LargestSeen Rendered { get; } = new();

    /// <summary>What a group takes, as <see cref="StoreOptions.MaxGroupBytes"/> counts it.</summary>
    public LargestSeen Group { get; } = new();

    /// <summary>Series of a group to which series are added, as <see cref="StoreOptions.MaxSeriesPerGroup"/> counts them.</summary>
    public LargestSeen GroupSeries { get; } = new();

    /// <summary>Ids that a group knows.</summary>
    public LargestSeen Ids { get; } = new();

    /// <summary>Sources that a group knows.</summary>
    public LargestSeen Sources { get; } = new();

    /// <summary>What was rendered in the measure of the option, though larger bodies may become more than it says.</summary>
    /// <param name="rendered">What a body becomes.</param>
    /// <param name="most">What it may become.</param>
    /// <param name="limit">What the option says; 0 for none.</param>
    public static long Share(long rendered, long most, long limit) =>
        limit <= 0 || most <= limit ? rendered : (long)((double)rendered / most * limit);

    /// <summary>How much is in a push that was read.</summary>
    /// <param name="key">Its group.</param>
    /// <param name="set">What was read.</param>
    public static PushExtent Measure(GroupingKey key, FamilySet set)
    {
        int longest = 0;
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.Labels)
        {
            longest = Math.Max(longest, label.Value.Length);
        }

        foreach (GroupingLabel label in key.Labels)
        {
            longest = Math.Max(longest, label.Value.Length);
        }

        return new PushExtent(Math.Max((long)set.Metrics.Length + set.Points.Length, set.Families.Length), longest, 0);
    }

    /// <summary>Observes a push, or another of the same series.</summary>
    public void Observe(in PushExtent extent)
    {
        Series.Observe(extent.Series);
        LabelValue.Observe(extent.LongestLabel);
        Rendered.Observe(extent.Rendered);
    }
}
