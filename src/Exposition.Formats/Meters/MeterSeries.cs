namespace Exposition.Formats.Meters;

/// <summary>The values of one set of labels. Safe for concurrent use.</summary>
internal abstract class MeterSeries(SeriesLabels labels)
{
    public SeriesLabels Labels { get; } = labels;

    /// <summary>The collection in which an observable has named it last.</summary>
    public int Seen { get; set; }

    public abstract void Record(double value);

    /// <summary>Adds it to a family that was added last.</summary>
    public void Write(FamilySet into, int family)
    {
        int metric = into.AddMetric(family);
        foreach ((byte[] name, byte[] value) in Labels.Labels)
        {
            into.AddLabel(name, value);
        }

        WriteValue(into, metric);
    }

    protected abstract void WriteValue(FamilySet into, int metric);
}

/// <summary>A sum or a last value.</summary>
internal sealed class NumberSeries(SeriesLabels labels, bool adds, MetricContent content) : MeterSeries(labels)
{
    private double _value;

    public override void Record(double value)
    {
        if (adds)
        {
            Add(value);
        }
        else
        {
            Set(value);
        }
    }

    public void Set(double value) => Volatile.Write(ref _value, value);

    public void Add(double value)
    {
        double before = Volatile.Read(ref _value);
        while (true)
        {
            double found = Interlocked.CompareExchange(ref _value, before + value, before);
            // By bits: a NaN that was added stays, and is not equal to itself.
            if (BitConverter.DoubleToInt64Bits(found) == BitConverter.DoubleToInt64Bits(before))
            {
                return;
            }

            before = found;
        }
    }

    protected override void WriteValue(FamilySet into, int metric)
    {
        into.Metrics[metric].Content = content;
        into.Metrics[metric].Value = Volatile.Read(ref _value);
    }
}

/// <summary>Buckets, a sum and a count, which belong together in each collection.</summary>
internal sealed class HistogramSeries(SeriesLabels labels, double[] bounds) : MeterSeries(labels)
{
    private readonly Lock _lock = new();
    private readonly ulong[] _counts = new ulong[bounds.Length + 1];
    private double _sum;

    public override void Record(double value)
    {
        int at = bounds.AsSpan().BinarySearch(value);
        lock (_lock)
        {
            // A bound belongs to its bucket.
            _counts[at < 0 ? ~at : at]++;
            _sum += value;
        }
    }

    protected override void WriteValue(FamilySet into, int metric)
    {
        lock (_lock)
        {
            ulong count = 0;
            for (int i = 0; i < bounds.Length; i++)
            {
                into.AddPoint(metric, bounds[i], value: 0, count += _counts[i]);
            }

            ref MetricRow row = ref into.Metrics[metric];
            row.Content = MetricContent.Histogram;
            row.Count = count + _counts[^1];
            row.Value = _sum;
        }
    }
}
