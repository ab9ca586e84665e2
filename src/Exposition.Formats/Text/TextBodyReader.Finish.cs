namespace Exposition.Formats.Text;

// What can be told only when all lines are read.

internal ref partial struct TextBodyReader
{
    // False if the body is to be refused after all, for the line that begins at lineStart.
    private bool Finish(ref int lineStart)
    {
        if (_lenient && _onlyFamily == AnyFamily)
        {
            if (_set.Metrics.IsEmpty && TryFindSwallowedLine(out lineStart))
            {
                return Fail("no sample, and a comment holds another HELP or TYPE");
            }

            SettleTypes();
        }

        if (_sawFloatCount)
        {
            foreach (ref FamilyRow family in _set.Families)
            {
                if (family.Type is MetricType.Histogram or MetricType.GaugeHistogram)
                {
                    for (int metric = family.FirstMetric; metric >= 0; metric = _set.Metrics[metric].Next)
                    {
                        NormalizeCounts(ref _set.Metrics[metric]);
                    }
                }
            }
        }

        if (_onlyFamily == AnyFamily)
        {
            DropEmptyFamilies();
        }

        return true;
    }

    // `echo $(cat file)` makes one comment of a file that begins with one. Without a sample nothing is lost by asking; with one, the push
    // is what it says.
    private readonly bool TryFindSwallowedLine(out int lineStart)
    {
        for (lineStart = 0; lineStart < _text.Length;)
        {
            ReadOnlySpan<byte> line = _text[lineStart..];
            int length = line.IndexOf((byte)'\n');
            line = length < 0 ? line : line[..length];
            if (LikelyMistake.HoldsAnother(line))
            {
                return true;
            }

            lineStart += line.Length + 1;
        }

        return false;
    }

    // Where the count or one bucket is a float, all are.
    private readonly void NormalizeCounts(ref MetricRow metric)
    {
        Span<PointRow> points = _set.Points;
        bool isFloat = metric.CountFloat != 0;
        for (int point = metric.FirstPoint; point >= 0 && !isFloat; point = points[point].Next)
        {
            isFloat = points[point].Value != 0;
        }

        if (!isFloat)
        {
            return;
        }

        metric.Content = (metric.Content | MetricContent.FloatCounts) & ~MetricContent.NoCount;
        if (metric.CountFloat == 0)
        {
            (metric.CountFloat, metric.Count) = (metric.Count, 0);
        }

        for (int point = metric.FirstPoint; point >= 0; point = points[point].Next)
        {
            ref PointRow bucket = ref points[point];
            if (bucket.Value == 0)
            {
                (bucket.Value, bucket.Count) = (bucket.Count, 0);
            }
        }
    }

    private readonly void DropEmptyFamilies()
    {
        Span<FamilyRow> families = _set.Families;
        int kept = 0;
        for (int i = 0; i < families.Length; i++)
        {
            if (families[i].MetricCount > 0)
            {
                families[kept++] = families[i];
            }
        }

        _set.FamilyList.Truncate(kept);
    }
}
