using Exposition.Formats.Go;
using Exposition.Formats.Rows;

namespace Exposition.Formats.OpenMetrics;

// The samples with one label set (le, quantile and the state of a stateset apart) are one metric; they follow one another. Those with one
// timestamp are one point of it, a row here (of a stateset: a row per state). Times of a metric do not go backwards, and either all samples
// of a metric have one or none has. Points are told apart by milliseconds, because that is what rows keep.
//
// A stateset's state is a label of its row, but not of the metric: it stands behind the row's labels and is not counted before the row's
// family is complete. A histogram's rules can only be checked when its point is complete, and only then can a metric's own bytes be
// written.

internal ref partial struct OpenMetricsReader
{
    // Finds the metric and the point of the line, or begins them. Repeated: the point has this sample already, with the same time.
    private bool EnterMetric(out bool repeated)
    {
        repeated = false;
        int state = _type == OpenMetricsType.StateSet ? 1 : 0;
        Span<LabelRow> all = _set.LabelList.Span[_firstLabel..];
        ReadOnlySpan<LabelRow> labels = all[..(all.Length - state)];
        bool known = _hasMetric && FamilyIndex.SameLabelsInOrder(_set, _set.LabelsOf(_metric), labels);
        if (!known)
        {
            int found = _set.Index.FindMetric(_set, _family, labels, out uint hash);
            known = _hasMetric && found == _firstOfMetric;
            if (!known)
            {
                if (found >= 0)
                {
                    return Fail($"the samples of one metric of {GoQuote.Text(_set.Text(_name))} do not follow one another");
                }

                if (!EndMetric())
                {
                    return false;
                }

                BeginPoint();
                _firstOfMetric = _metric;
                _set.Index.AddMetric(_family, _metric, hash);
                return TakeState(out repeated);
            }
        }

        if (_lineHasTime != _hasTime)
        {
            return Fail("a sample with and one without timestamp in one metric");
        }

        if (_hasTime && _lineTime < _time)
        {
            return Fail("timestamps of one metric go backwards");
        }

        if (_hasTime && ToMilliseconds(_lineTime) != _timeMs)
        {
            if (!EndMetric())
            {
                return false;
            }

            BeginPoint();
            return TakeState(out repeated);
        }

        if (state == 0)
        {
            _set.LabelList.Truncate(_firstLabel);
            return CheckRepeated(out repeated);
        }

        if (!TakeState(out repeated))
        {
            return false;
        }

        if (repeated)
        {
            _set.LabelList.Truncate(_firstLabel);
        }
        else
        {
            AddRow();
        }

        return true;
    }

    private bool CheckRepeated(out bool repeated)
    {
        MetricContent content = _set.Metrics[_metric].Content;
        repeated = _part switch
        {
            OpenMetricsPart.Value => true,
            OpenMetricsPart.Total => _hasTotal,
            OpenMetricsPart.Created => _created is not null,
            OpenMetricsPart.Sum => (content & MetricContent.NoSum) == 0,
            OpenMetricsPart.Count => (content & MetricContent.NoCount) == 0,
            _ => false,
        };
        return !repeated || _hasTime || Fail("the same sample a second time");
    }

    private bool TakeState(out bool repeated)
    {
        repeated = _type == OpenMetricsType.StateSet && !_tables.States.TryAdd(_set, _set.Labels[^1].Value);
        return !repeated || _hasTime || Fail("the same state a second time");
    }

    private void BeginPoint()
    {
        _hasMetric = true;
        _pointStart = _lineStart;
        (_hasTime, _time, _timeMs) = (_lineHasTime, _lineTime, _lineHasTime ? ToMilliseconds(_lineTime) : 0);
        _hasTotal = false;
        _created = null;
        _buckets = 0;
        _negativeBounds = false;
        _lastCount = 0;
        _metric = AddRow();
        _tables.BeginPoint();
    }

    private readonly int AddRow()
    {
        int metric = _set.AddMetric(_family);
        ref MetricRow row = ref _set.Metrics[metric];
        row.FirstLabel = _firstLabel;
        row.LabelCount = _set.LabelList.Count - _firstLabel - (_type == OpenMetricsType.StateSet ? 1 : 0);
        row.Content = _type switch
        {
            OpenMetricsType.Counter => MetricContent.Counter,
            OpenMetricsType.Summary => MetricContent.Summary | MetricContent.NoCount | MetricContent.NoSum,
            OpenMetricsType.Histogram or OpenMetricsType.GaugeHistogram =>
                MetricContent.Histogram | MetricContent.NoCount | MetricContent.NoSum,
            OpenMetricsType.Unknown => MetricContent.Untyped,
            _ => MetricContent.Gauge,
        };
        if (_hasTime)
        {
            row.TimestampMs = _timeMs;
            row.Content |= MetricContent.Timestamp;
        }

        return metric;
    }

    private static long ToMilliseconds(double seconds)
    {
        double milliseconds = Math.Round(seconds * 1000);
        return milliseconds >= long.MaxValue ? long.MaxValue : milliseconds <= long.MinValue ? long.MinValue : (long)milliseconds;
    }

    private bool Store()
    {
        ref MetricRow row = ref _set.Metrics[_type == OpenMetricsType.StateSet ? _set.Metrics.Length - 1 : _metric];
        switch (_part)
        {
            case OpenMetricsPart.Created:
                ReadOnlySpan<byte> text = _set.Text(_number);
                bool valid = UnixTime.TryParse(text, _value, out UnixTime created);
                _created = created;
                return valid || Fail($"expected a created time in seconds, of the years 1 to 9999, got {GoQuote.Text(text)}");
            case OpenMetricsPart.Quantile:
                _set.AddPoint(_metric, _bound, _value, 0);
                return _tables.TryAddQuantile(_set.Points.Length - 1, _bound) || Fail("the same quantile a second time");
            case OpenMetricsPart.Bucket:
                return StoreBucket(ref row);
            case OpenMetricsPart.Count:
                _ = TryGetCount(out row.Count);
                row.Content &= ~MetricContent.NoCount;
                return true;
            case OpenMetricsPart.Sum:
                row.Content &= ~MetricContent.NoSum;
                break;
            default:
                _hasTotal = true;
                break;
        }

        row.Value = _value;
        return true;
    }

    private bool StoreBucket(ref MetricRow row)
    {
        _ = TryGetCount(out ulong count);
        if (_buckets > 0 && !(_bound > _lastBound))
        {
            return Fail("buckets that are not in increasing order of \"le\"");
        }

        if (count < _lastCount)
        {
            return Fail("a bucket that counts less than the one before");
        }

        row.Content |= double.IsPositiveInfinity(_bound) ? MetricContent.InfBucket : 0;
        _set.AddPoint(_metric, _bound, 0, count);
        _buckets++;
        _negativeBounds |= _bound < 0;
        (_lastBound, _lastCount) = (_bound, count);
        return true;
    }

    // Ends the current point, if there is one.
    private bool EndMetric()
    {
        if (!_hasMetric)
        {
            return true;
        }

        _hasMetric = false;
        if (_type == OpenMetricsType.StateSet)
        {
            if (!_hasFamily)
            {
                CountStates();
            }

            return true;
        }

        if (PointError() is { } error)
        {
            return FailAt(_pointStart, $"metric of {GoQuote.Text(_set.Text(_name))}: {error}");
        }

        if (_created is not null || _tables.Exemplars.Count > 0)
        {
            OpenMetricsRaw.Write(_set, _metric, _set.Families[_family].Type, _created);

            // Only the rows: the labels of the exemplar on the line at hand, which begins the next metric, are there already.
            _tables.Exemplars.Truncate(0);
        }

        return true;
    }

    private readonly string? PointError()
    {
        ref readonly MetricRow row = ref _set.Metrics[_metric];
        bool hasCount = (row.Content & MetricContent.NoCount) == 0;
        bool hasSum = (row.Content & MetricContent.NoSum) == 0;
        switch (_type)
        {
            case OpenMetricsType.Counter:
                return _hasTotal ? null : "no \"_total\" sample";
            case OpenMetricsType.Histogram or OpenMetricsType.GaugeHistogram:
                return (row.Content & MetricContent.InfBucket) == 0 ? "no bucket with le=\"+Inf\""
                    : hasCount != hasSum ? "a sum without a count, or a count without a sum"
                    : hasCount && row.Count != _lastCount ? "its count is not that of the bucket with le=\"+Inf\""
                    : _type == OpenMetricsType.Histogram && hasSum && _negativeBounds ? "a sum beside buckets with a negative \"le\""
                    : hasSum && row.Value < 0 && !_negativeBounds ? "a negative sum without buckets with a negative \"le\""
                    : null;
            default:
                return null;
        }
    }

    // The family is complete: now its states are labels.
    private readonly void CountStates()
    {
        for (int metric = _set.Families[_family].FirstMetric; metric >= 0; metric = _set.Metrics[metric].Next)
        {
            _set.Metrics[metric].LabelCount++;
        }
    }
}
