using System.Buffers;
using Exposition.Formats;
using Exposition.Formats.Meters;
using Exposition.OpenTelemetry.Diagnostics;
using Exposition.OpenTelemetry.Grouping;
using Exposition.Pusher.Bodies;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using FamilyType = Exposition.Formats.MetricType;

namespace Exposition.OpenTelemetry.Conversion;

/// <summary>
/// Turns what a reader has collected into the body of a push, by the OpenTelemetry specification's rules for Prometheus. Whatever comes,
/// the body can be read: what has no place in it is left out, and said once.
/// </summary>
internal sealed class MetricConverter(PushgatewayExporterOptions options, Notices notices)
{
    private const string TargetInfo = "target_info";

    private readonly MetricNames _names = new(options.Escaping);
    private readonly ScrapeFormat _format = options.Format switch
    {
        PushgatewayFormat.Text => ScrapeFormat.Text,
        PushgatewayFormat.OpenMetrics => ScrapeFormat.OpenMetrics,
        _ => ScrapeFormat.ProtobufDelimited,
    };

    public PushBody Convert(in Batch<Metric> batch, ResourceGroup target)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ExpositionWriter(output, new ExpositionWriterOptions(_format, options.Escaping));
        var labels = new AttributeLabels(_names.OfLabel, target.Group.Labels.Keys.Append("job").ToHashSet(StringComparer.Ordinal));
        if (options.WriteTargetInfo)
        {
            WriteTarget(writer, target, labels);
        }

        var points = new PointWriter(writer, labels, options, notices);
        foreach (FamilyPlan family in FamilyPlanner.Plan(in batch, _names, notices))
        {
            if (Starts(writer, family))
            {
                foreach (Metric metric in family.Metrics)
                {
                    points.Write(family, metric);
                }
            }
        }

        writer.Complete();
        return new PushBody(output.WrittenMemory, writer.ContentType);
    }

    private static void WriteTarget(ExpositionWriter writer, ResourceGroup target, AttributeLabels labels)
    {
        labels.Clear();
        foreach ((string key, object? value) in target.Others)
        {
            labels.Add(key, TagText.Of(value));
        }

        Label[] written = labels.Take(bound: null, out _);
        if (written.Length > 0)
        {
            writer.StartFamily(TargetInfo, FamilyType.Gauge, "Target metadata");
            writer.WriteSample(1, written);
        }
    }

    // The writer knows which names the families before have taken, those of their samples among them.
    private bool Starts(ExpositionWriter writer, FamilyPlan family)
    {
        try
        {
            writer.StartFamily(family.Name, family.Type, AttributeLabels.Clean(family.First.Description), family.Unit);
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            family.Metrics.ForEach(metric => notices.LeftOut(metric.MeterName, metric.Name, "nothing is pushed: " + e.Message));
            return false;
        }
    }
}
