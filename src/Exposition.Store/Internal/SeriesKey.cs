using Exposition.Formats;

namespace Exposition.Store.Internal;

/// <summary>A series' label set as a value to compare, whichever <see cref="FamilySet"/> it lies in. Labels must be sorted by name.</summary>
internal readonly struct SeriesKey : IEquatable<SeriesKey>
{
    private readonly FamilySet _set;
    private readonly int _metric;
    private readonly int _hash;

    public SeriesKey(FamilySet set, int metric)
    {
        _set = set;
        _metric = metric;
        HashCode hash = default;
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(metric))
        {
            hash.AddBytes(set.Text(label.Name));
            hash.Add(label.Name.Length);
            hash.AddBytes(set.Text(label.Value));
            hash.Add(label.Value.Length);
        }

        _hash = hash.ToHashCode();
    }

    /// <summary>The label sets of a family.</summary>
    public static HashSet<SeriesKey> Of(FamilySet set, int family)
    {
        var keys = new HashSet<SeriesKey>(set.Families[family].MetricCount);
        for (int metric = set.Families[family].FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            keys.Add(new SeriesKey(set, metric));
        }

        return keys;
    }

    public bool Equals(SeriesKey other)
    {
        if (_hash != other._hash)
        {
            return false;
        }

        ReadOnlySpan<LabelRow> a = _set.LabelsOf(_metric);
        ReadOnlySpan<LabelRow> b = other._set.LabelsOf(other._metric);
        if (a.Length != b.Length)
        {
            return false;
        }

        for (int i = 0; i < a.Length; i++)
        {
            if (!_set.Text(a[i].Name).SequenceEqual(other._set.Text(b[i].Name))
                || !_set.Text(a[i].Value).SequenceEqual(other._set.Text(b[i].Value)))
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => obj is SeriesKey other && Equals(other);

    public override int GetHashCode() => _hash;
}
