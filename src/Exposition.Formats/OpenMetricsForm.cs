namespace Exposition.Formats;

/// <summary>
/// How a family goes out in OpenMetrics. One that OpenMetrics does not allow under its own type (<see cref="OpenMetricsFormat.Fits"/>) goes
/// out as families of type unknown, one for each name among its samples; <see cref="OpenMetricsFormat.FormCount"/> tells how many.
/// </summary>
public enum OpenMetricsForm : byte
{
    /// <summary>Under its own type, with exemplars and created times.</summary>
    Typed = 0,

    /// <summary>As unknown: the values of a counter, the quantiles of a summary, the buckets of a histogram.</summary>
    Values = 1,

    /// <summary>As unknown: the sums of a summary or histogram.</summary>
    Sums = 2,

    /// <summary>As unknown: the counts of a summary or histogram.</summary>
    Counts = 3,
}
