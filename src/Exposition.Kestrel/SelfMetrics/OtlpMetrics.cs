using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>Counts data points that have come with OTLP. Safe for concurrent use.</summary>
internal sealed class OtlpMetrics
{
    /// <summary>The name of the family.</summary>
    public const string Name = "pushgateway_otlp_points_total";

    private readonly NamedCounters _points = new(["stored", "rejected"]);

    /// <summary>Whether the host has mapped its route: the family is there then.</summary>
    public bool IsServed { get; set; }

    /// <summary>Counts the points of a request.</summary>
    public void Count(long stored, long rejected)
    {
        _points.Count(0, stored);
        _points.Count(1, rejected);
    }

    /// <summary>Adds the family.</summary>
    public void Collect(FamilySet into)
    {
        if (IsServed)
        {
            _points.Collect(into, "pushgateway_otlp_points_total"u8, "Data points that have come with OTLP, by what became of them."u8,
                "outcome"u8);
        }
    }
}
