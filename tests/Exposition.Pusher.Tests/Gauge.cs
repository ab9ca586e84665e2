using System.Text;
using Exposition.Formats;

namespace Exposition.Pusher.Tests;

/// <summary>A source of one gauge, whose value may change.</summary>
internal sealed class Gauge(string name, double value = 1) : IMetricSource
{
    public double Value { get; set; } = value;

    public void Collect(FamilySet into)
    {
        int metric = into.AddMetric(into.AddFamily(into.AddText(Encoding.UTF8.GetBytes(name)), MetricType.Gauge));
        into.Metrics[metric].Content = MetricContent.Gauge;
        into.Metrics[metric].Value = Value;
    }
}

/// <summary>A source that fails after it has begun.</summary>
internal sealed class FailingSource : IMetricSource
{
    public void Collect(FamilySet into)
    {
        new Gauge("never_seen").Collect(into);
        throw new InvalidOperationException("the disk is gone");
    }
}
