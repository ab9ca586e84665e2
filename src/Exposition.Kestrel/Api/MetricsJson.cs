using System.Globalization;
using System.Text;
using System.Text.Json;
using Exposition.Engine;
using Exposition.Engine.Reading;
using Exposition.Formats;

namespace Exposition.Kestrel.Api;

// Shape of a group: one object whose keys are in byte order: "labels", "last_push_successful" and the families, and where there is
// something to say also our own "expired", "expires_at" and "hidden_families". "last_failure" comes only if it was asked for: readers that
// take every other key for a family get to see the Pushgateway's keys as long as none of what we have beside it is used. A family of one of
// those names takes the key, as in the Pushgateway. All numbers are strings in Go's notation. Of labels, quantiles and buckets that print
// alike the last counts, because there they are keys of maps.

/// <summary>Writes groups as <c>/api/v1/metrics</c> shows them.</summary>
internal sealed class MetricsJson(Utf8JsonWriter writer, TimeZoneInfo zone, bool withFailures = false)
{
    private readonly FamilyParts _parts = new();
    private readonly SortedDictionary<string, string> _sorted = new(StringComparer.Ordinal);
    private string _timeStamp = "";
    private string _type = "";

    /// <summary>Writes a group, and pauses after each metric, so that what is written can be sent.</summary>
    /// <param name="group">The group, which stays what it is meanwhile.</param>
    /// <param name="isOwn">Whether what only we know is shown.</param>
    /// <param name="expiresAt">When it expires, in nanoseconds since the Unix epoch; 0 for never.</param>
    /// <returns>The place of each metric.</returns>
    public IEnumerable<int> Write(GroupSnapshot group, bool isOwn, long expiresAt)
    {
        BeginGroup();
        for (int f = 0; f <= group.Families.Length; f++)
        {
            ReadOnlyMemory<byte>? name = f < group.Families.Length ? group.Families[f].Name : default(ReadOnlyMemory<byte>?);
            FixedKeys(
                group.Key, group.LastPushSuccessful, f > 0 ? group.Families[f - 1].Name.Span : default, name,
                isOwn ? group : null, expiresAt);
            if (name is null)
            {
                continue;
            }

            FamilyEntry family = group.Families[f];
            BeginFamily(family.Name.Span, family.Type, family.Help.Span, family.PushedAt);
            for (_parts.Begin(family); _parts.Next();)
            {
                for (int metric = _parts.Set.Families[0].FirstMetric; metric >= 0;)
                {
                    metric = Metric(_parts.Set, metric, family.Type);
                    yield return metric;
                }
            }

            EndFamily();
        }

        EndGroup();
    }

    /// <summary>Starts a group.</summary>
    public void BeginGroup() => writer.WriteStartObject();

    /// <summary>
    /// Writes those of the fixed keys that stand between two families: the Pushgateway's two, and what only we know where there is
    /// something to say.
    /// </summary>
    /// <param name="key">The group's labels.</param>
    /// <param name="successful">Whether its last push was.</param>
    /// <param name="after">Name of the family before, empty at the start.</param>
    /// <param name="before">Name of the family behind; null at the end.</param>
    /// <param name="group">The group, for what only we know.</param>
    /// <param name="expiresAt">When it expires, in nanoseconds since the Unix epoch; 0 for never.</param>
    public void FixedKeys(GroupingKey key, bool successful, ReadOnlySpan<byte> after, ReadOnlyMemory<byte>? before,
        GroupSnapshot? group = null, long expiresAt = 0)
    {
        if (group is { IsExpired: true } && IsBetween("expired"u8, after, before))
        {
            writer.WriteBoolean("expired"u8, true);
        }

        if (expiresAt > 0 && IsBetween("expires_at"u8, after, before))
        {
            writer.WriteString("expires_at"u8, GoTime.Nano(expiresAt, zone));
        }

        if (group is { Hidden.IsEmpty: false } && IsBetween("hidden_families"u8, after, before))
        {
            WriteHidden(group);
        }

        if (IsBetween("labels"u8, after, before))
        {
            writer.WriteStartObject("labels"u8);
            foreach (GroupingLabel label in key.Labels)
            {
                writer.WriteString(label.Name, label.Value);
            }

            writer.WriteEndObject();
        }

        if (withFailures && group?.LastFailure is { } failure && IsBetween("last_failure"u8, after, before))
        {
            writer.WriteStartObject("last_failure"u8);
            writer.WriteString("reason"u8, failure.Reason);
            if (failure.Sender is not null)
            {
                writer.WriteString("remote_address"u8, failure.Sender);
            }

            writer.WriteString("time"u8, GoTime.Nano(failure.At, zone));
            writer.WriteEndObject();
        }

        if (IsBetween("last_push_successful"u8, after, before))
        {
            writer.WriteBoolean("last_push_successful"u8, successful);
        }
    }

    /// <summary>Ends a group.</summary>
    public void EndGroup() => writer.WriteEndObject();

    /// <summary>Writes a metric of a decoded family.</summary>
    /// <returns>Index of the next one, or -1.</returns>
    internal int Metric(FamilySet set, int metric, MetricType type)
    {
        MetricRow row = set.Metrics[metric];
        writer.WriteStartObject();
        NativeHistogram? native = type == MetricType.Histogram ? Native(set, row) : null;
        switch (type)
        {
            case MetricType.Histogram:
                WriteBuckets(set, row, native);
                WriteCount(row.CountFloat > 0 ? ExpositionNumber.ToString(row.CountFloat) : Count(row.Count));
                WriteLabels(set, metric);
                writer.WriteString("sum"u8, ExpositionNumber.ToString(row.Value));
                break;
            case MetricType.Summary:
                WriteCount(Count(row.Count));
                WriteLabels(set, metric);
                WriteQuantiles(set, row);
                writer.WriteString("sum"u8, ExpositionNumber.ToString(row.Value));
                break;
            default:
                WriteLabels(set, metric);

                // The Pushgateway has no case for gauge histograms and shows them as zero.
                writer.WriteString("value"u8, type > MetricType.Untyped ? "0" : ExpositionNumber.ToString(row.Value));
                break;
        }

        writer.WriteEndObject();
        return row.Next;
    }

    /// <summary>Starts a family.</summary>
    internal void BeginFamily(ReadOnlySpan<byte> name, MetricType type, ReadOnlySpan<byte> help, long pushedAt)
    {
        writer.WriteStartObject(name);
        if (!help.IsEmpty)
        {
            writer.WriteString("help"u8, help);
        }

        writer.WriteStartArray("metrics"u8);
        _timeStamp = GoTime.Nano(pushedAt, zone);
        _type = TypeName(type);
    }

    /// <summary>Ends the family.</summary>
    public void EndFamily()
    {
        writer.WriteEndArray();
        writer.WriteString("time_stamp"u8, _timeStamp);
        writer.WriteString("type"u8, _type);
        writer.WriteEndObject();
    }

    /// <summary>The protobuf name of a type.</summary>
    public static string TypeName(MetricType type) => type switch
    {
        MetricType.Counter => "COUNTER",
        MetricType.Gauge => "GAUGE",
        MetricType.Summary => "SUMMARY",
        MetricType.Untyped => "UNTYPED",
        MetricType.Histogram => "HISTOGRAM",
        MetricType.GaugeHistogram => "GAUGE_HISTOGRAM",
        _ => ((int)type).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>The sparse histogram of a metric, if it has one.</summary>
    public static NativeHistogram? Native(FamilySet set, in MetricRow row) =>
        (row.Content & MetricContent.NativeHistogram) != 0
            && NativeHistogram.TryRead(set.Text(row.Raw), out NativeHistogram? native) ? native : null;

    private static bool IsBetween(ReadOnlySpan<byte> fixedKey, ReadOnlySpan<byte> after, ReadOnlyMemory<byte>? before) =>
        fixedKey.SequenceCompareTo(after) > 0 && (before is not { } next || fixedKey.SequenceCompareTo(next.Span) < 0);

    private void WriteHidden(GroupSnapshot group)
    {
        writer.WriteStartObject("hidden_families"u8);
        foreach (HiddenFamily hidden in group.Hidden)
        {
            writer.WriteString(hidden.Name.Span, hidden.Reason);
        }

        writer.WriteEndObject();
    }

    private static string Count(ulong count) => count.ToString(CultureInfo.InvariantCulture);

    private void WriteCount(string count) => writer.WriteString("count"u8, count);

    private void WriteLabels(FamilySet set, int metric)
    {
        _sorted.Clear();
        foreach (LabelRow label in set.LabelsOf(metric))
        {
            _sorted[Encoding.UTF8.GetString(set.Text(label.Name))] = Encoding.UTF8.GetString(set.Text(label.Value));
        }

        WriteSorted("labels"u8);
    }

    private void WriteQuantiles(FamilySet set, in MetricRow row)
    {
        _sorted.Clear();
        for (int point = row.FirstPoint; point >= 0; point = set.Points[point].Next)
        {
            _sorted[ExpositionNumber.ToString(set.Points[point].Bound)] = ExpositionNumber.ToString(set.Points[point].Value);
        }

        WriteSorted("quantiles"u8);
    }

    private void WriteBuckets(FamilySet set, in MetricRow row, NativeHistogram? native)
    {
        if (native is not null)
        {
            WriteNative(native);
            return;
        }

        _sorted.Clear();
        for (int point = row.FirstPoint; point >= 0; point = set.Points[point].Next)
        {
            PointRow bucket = set.Points[point];
            _sorted[ExpositionNumber.ToString(bucket.Bound)] = bucket.Value > 0
                ? ExpositionNumber.ToString(bucket.Value)
                : Count(bucket.Count);
        }

        WriteSorted("buckets"u8);
    }

    private void WriteNative(NativeHistogram native)
    {
        writer.WriteStartArray("buckets"u8);
        foreach (NativeBucket bucket in native.EnumerateBuckets())
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(bucket.Boundaries);
            writer.WriteStringValue(ExpositionNumber.ToString(bucket.Lower));
            writer.WriteStringValue(ExpositionNumber.ToString(bucket.Upper));
            writer.WriteStringValue(native.IsFloat ? ExpositionNumber.ToString(bucket.CountFloat) : Count(bucket.Count));
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private void WriteSorted(ReadOnlySpan<byte> name)
    {
        writer.WriteStartObject(name);
        foreach ((string key, string value) in _sorted)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }
}
