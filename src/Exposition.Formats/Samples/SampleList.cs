using System.Text;
using Exposition.Formats.OpenMetrics;

namespace Exposition.Formats.Samples;

// The samples of a metric share the strings of its labels, and labels that repeat those of the metric before at the same place share
// theirs: nearly all of them do.

/// <summary>Makes a list of samples out of the rows of a body.</summary>
internal sealed class SampleList(FamilySet set, ScrapeFormat format)
{
    private readonly List<MetricSample> _samples = new(set.Metrics.Length + set.Points.Length);
    private Label[] _labels = [];
    private int _labelsOf = -1;
    private string _family = "";
    private MetricType _type;
    private DateTimeOffset? _time;

    public List<MetricSample> Read()
    {
        foreach (ref readonly FamilyRow family in set.Families)
        {
            _family = Encoding.UTF8.GetString(set.Text(family.Name));
            _type = family.Type;
            for (int metric = family.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
            {
                TakeLabels(metric);
                Add(in set.Metrics[metric]);
            }
        }

        return _samples;
    }

    private void TakeLabels(int metric)
    {
        ReadOnlySpan<LabelRow> rows = set.LabelsOf(metric);
        ReadOnlySpan<LabelRow> last = _labelsOf < 0 ? default : set.LabelsOf(_labelsOf);
        var labels = new Label[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            bool known = i < last.Length;
            labels[i] = new Label(
                known && IsSame(rows[i].Name, last[i].Name) ? _labels[i].Name : Encoding.UTF8.GetString(set.Text(rows[i].Name)),
                known && IsSame(rows[i].Value, last[i].Value) ? _labels[i].Value : Encoding.UTF8.GetString(set.Text(rows[i].Value)));
        }

        (_labels, _labelsOf) = (labels, metric);
    }

    private bool IsSame(TextRef text, TextRef other) => set.Text(text).SequenceEqual(set.Text(other));

    private void Add(in MetricRow metric)
    {
        _time = (metric.Content & MetricContent.Timestamp) != 0 ? MetricSample.TimeOf(metric.TimestampMs) : null;
        switch (_type)
        {
            case MetricType.Summary:
                AddPoints(in metric, "", "quantile");
                AddSumAndCount(in metric, metric.Count);
                break;
            case MetricType.Histogram or MetricType.GaugeHistogram:
                AddPoints(in metric, "_bucket", "le");
                double count = metric.CountFloat != 0 ? metric.CountFloat : metric.Count;
                if (format == ScrapeFormat.ProtobufDelimited && (metric.Content & MetricContent.InfBucket) == 0)
                {
                    Add("_bucket", count, new Label("le", "+Inf"));
                }

                AddSumAndCount(in metric, count);
                break;
            case <= MetricType.GaugeHistogram:
                Add("", metric.Value);
                break;
            default:
                break;
        }

        bool hasCreated = format == ScrapeFormat.OpenMetrics && (metric.Content & MetricContent.OnlyInRaw) != 0
            && _type is MetricType.Counter or MetricType.Summary or MetricType.Histogram;
        if (hasCreated && new OpenMetricsExtras(set.Text(metric.Raw), _type).TryGetCreated(out UnixTime created))
        {
            AddCreated(created.ToSeconds());
        }
    }

    private void AddPoints(in MetricRow metric, string suffix, string label)
    {
        for (int i = metric.FirstPoint; i >= 0; i = set.Points[i].Next)
        {
            PointRow point = set.Points[i];
            double value = _type == MetricType.Summary || point.Value != 0 ? point.Value : point.Count;
            Add(suffix, value, new Label(label, ExpositionNumber.ToString(point.Bound)));
        }
    }

    private void AddSumAndCount(in MetricRow metric, double count)
    {
        bool gauge = format == ScrapeFormat.OpenMetrics && _type == MetricType.GaugeHistogram;
        if ((metric.Content & MetricContent.NoSum) == 0)
        {
            Add(gauge ? "_gsum" : "_sum", metric.Value);
        }

        if ((metric.Content & MetricContent.NoCount) == 0)
        {
            Add(gauge ? "_gcount" : "_count", count);
        }
    }

    // A counter's family has the suffix that the sample has not.
    private void AddCreated(double seconds)
    {
        string stem = _type == MetricType.Counter ? _family[..^"_total".Length] : _family;
        _samples.Add(new MetricSample(stem + "_created", new LabelSet(_labels), seconds, _time, _family, _type));
    }

    private void Add(string suffix, double value, params ReadOnlySpan<Label> bound)
    {
        Label[] labels = bound.IsEmpty ? _labels : [.. _labels, .. bound];
        LabelSet set = labels.Length == 0 ? LabelSet.Empty : new LabelSet(labels);
        _samples.Add(new MetricSample(_family + suffix, set, value, _time, _family, _type));
    }
}
