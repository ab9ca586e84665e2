using Exposition.Formats.Go;
using Exposition.Formats.Numbers;

namespace Exposition.Formats.Text;

// To Prometheus a TYPE line is a remark: each sample is a series of its own, whatever its name ends in and wherever TYPE stands. Here a
// summary's and a histogram's lines make one metric, so the lenient reader puts together at the end of the body what the order of its lines
// has kept apart:
//   - samples whose own TYPE came behind them get its type,
//   - a family x_count, x_sum or x_bucket that stands beside a summary or histogram x is that part of it.
// Only where no value is changed or dropped by it: everything else stays as it was read, and what then contradicts itself is refused by the
// rules of the store. Of two TYPE lines the first counts; where one says that lines belong together and the other does not, nobody can tell
// what was meant.

internal ref partial struct TextBodyReader
{
    // A TYPE line for a family whose type is fixed already.
    private bool TakeLaterType(ref FamilyRow family, MetricType type)
    {
        if (_part != SamplePart.Point)
        {
            // It names a part of the family, which has its type from the family.
            return true;
        }

        MetricType first = family.TypeLine ??= type;
        return first == type || (!HasParts(first) && !HasParts(type)) || FailSecondType();
    }

    private static bool HasParts(MetricType type) => type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram;

    private void SettleTypes()
    {
        bool anyHasParts = false;
        for (int family = 0; family < _set.Families.Length; family++)
        {
            ref FamilyRow row = ref _set.Families[family];
            if (row.TypeLine is { } type && type != row.Type)
            {
                ChangeType(family, type);
            }

            anyHasParts |= HasParts(_set.Families[family].Type);
        }

        for (int family = 0; anyHasParts && family < _set.Families.Length; family++)
        {
            ref FamilyRow row = ref _set.Families[family];
            ReadOnlySpan<byte> name = _set.Text(row.Name);
            if (row.MetricCount > 0 && !HasParts(row.Type) && Suffixes.Find(name, out int suffixLength) is var part
                && part != SamplePart.Point
                && _index.FindFamily(_set, name[..^suffixLength], out _) is var whole && whole >= 0
                    && Suffixes.Folds(_set.Families[whole], part))
            {
                MoveSamples(family, whole, part);
            }
        }
    }

    // From untyped, which the samples before the TYPE line have made it.
    private void ChangeType(int family, MetricType type)
    {
        ref FamilyRow row = ref _set.Families[family];
        if (type == MetricType.Summary)
        {
            for (int metric = row.FirstMetric; metric >= 0; metric = _set.Metrics[metric].Next)
            {
                if (FindBound(metric, "quantile"u8, out double bound) < 0 || double.IsNaN(bound))
                {
                    return;
                }
            }

            row.Type = type;
            MoveSamples(family, family, SamplePart.Point);
        }
        else if (!HasParts(type))
        {
            row.Type = type;
            for (int metric = row.FirstMetric; metric >= 0; metric = _set.Metrics[metric].Next)
            {
                ref MetricRow sample = ref _set.Metrics[metric];
                sample.Content = (sample.Content & ~MetricContent.Kinds) | ScalarContent(type);
            }
        }
    }

    // Makes samples of one family parts of another, or of itself; those that cannot be stay.
    private void MoveSamples(int from, int to, SamplePart part)
    {
        int next = _set.Families[from].FirstMetric;
        _set.SetMetrics(from, []);
        List<int>? left = null;
        while (next >= 0)
        {
            int metric = next;
            next = _set.Metrics[metric].Next;
            if (!TryMove(metric, to, part))
            {
                (left ??= []).Add(metric);
            }
        }

        if (left is not null)
        {
            _set.SetMetrics(from, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(left));
        }
    }

    private bool TryMove(int sample, int to, SamplePart part)
    {
        MetricRow moved = _set.Metrics[sample];
        MetricType type = _set.Families[to].Type;
        ulong whole = GoNumber.ToUInt64(moved.Value);
        (_family, _part) = (to, part);
        int boundAt = FindBound(sample, BoundNameOfFamily(), out _bound);
        bool isPoint = part is SamplePart.Point or SamplePart.Bucket;
        if (isPoint ? boundAt < 0 || double.IsNaN(_bound) || (type != MetricType.Summary && !(moved.Value >= 0))
            : boundAt >= 0 || (part == SamplePart.Count && !(type == MetricType.Summary ? whole == moved.Value : moved.Value >= 0)))
        {
            return false;
        }

        // The labels once more, without the bound, at the end of the table, where those of a line that was just read are.
        _firstLabel = _set.LabelList.Count;
        for (int i = 0; i < moved.LabelCount; i++)
        {
            if (i != boundAt)
            {
                LabelRow label = _set.Labels[moved.FirstLabel + i];
                _set.LabelList.Add(label);
            }
        }

        int metric = FindOrAddMetric();
        MetricContent missing = part == SamplePart.Count ? MetricContent.NoCount : part == SamplePart.Sum ? MetricContent.NoSum : 0;
        if (!isPoint && (_set.Metrics[metric].Content & missing) == 0)
        {
            // It has that part already.
            return false;
        }

        ref MetricRow row = ref _set.Metrics[metric];
        if ((moved.Content & MetricContent.Timestamp) != 0)
        {
            row.TimestampMs = moved.TimestampMs;
            row.Content |= MetricContent.Timestamp;
        }

        return type == MetricType.Summary ? StoreSummary(metric, moved.Value) : StoreHistogram(metric, moved.Value);
    }

    // The place of the label that holds a bound among those of a metric, or -1.
    private readonly int FindBound(int metric, ReadOnlySpan<byte> name, out double bound)
    {
        ReadOnlySpan<LabelRow> labels = _set.LabelsOf(metric);
        for (int i = 0; i < labels.Length; i++)
        {
            if (_set.Text(labels[i].Name).SequenceEqual(name))
            {
                return NumberParser.TryParse(_set.Text(labels[i].Value), out bound) ? i : -1;
            }
        }

        bound = double.NaN;
        return -1;
    }
}
