using Google.Protobuf.Collections;

namespace Exposition.Formats.Tests;

/// <summary>Native histograms: dense lists to be written, and what spans and deltas mean.</summary>
internal static class NativeModel
{
    /// <summary>Writes a native histogram beside the classic one, with as many observations, and says in the message what it is.</summary>
    public static void Write(ExpositionWriter writer, Random random, Oracle.Histogram histogram, HistogramBucket[] buckets, Label[] labels)
    {
        ulong left = histogram.SampleCount;
        ulong zero = Take(random, ref left);
        ulong[] positive = Counts(random, ref left);
        ulong[] negative = Counts(random, ref left);
        int positiveOffset = random.Next(-100, 100);
        int negativeOffset = random.Next(-100, 100);
        (histogram.Schema, histogram.ZeroThreshold, histogram.ZeroCount) = (random.Next(-4, 9), 1e-5, zero);
        bool classic = random.Next(2) == 0;

        // None means that there are no classic buckets, not that there is only the one for everything.
        HistogramBucket[] given = buckets.Length > 0 ? buckets : [new(double.PositiveInfinity, histogram.SampleCount)];
        if (!classic)
        {
            histogram.Bucket.Clear();
        }

        writer.WriteNativeHistogram(
            new NativeHistogramValue
            {
                Schema = histogram.Schema,
                ZeroThreshold = 1e-5,
                ZeroCount = zero,
                Count = histogram.SampleCount,
                Sum = histogram.SampleSum,
                PositiveOffset = positiveOffset,
                PositiveCounts = positive,
                NegativeOffset = negativeOffset,
                NegativeCounts = negative,
                Buckets = classic ? given : [],
            },
            labels);
        AddSpans(positive, positiveOffset, histogram.PositiveSpan, histogram.PositiveDelta);
        AddSpans(negative, negativeOffset, histogram.NegativeSpan, histogram.NegativeDelta);
    }

    /// <summary>Index and count of each bucket that is not empty, positive and negative ones.</summary>
    public static string Dense(Oracle.Histogram histogram) =>
        string.Join(' ', Dense(histogram.PositiveSpan, histogram.PositiveDelta)) + "; "
        + string.Join(' ', Dense(histogram.NegativeSpan, histogram.NegativeDelta));

    /// <summary>Forgets how buckets are cut into spans.</summary>
    public static void ForgetSpans(Oracle.Histogram? histogram)
    {
        histogram?.PositiveSpan.Clear();
        histogram?.PositiveDelta.Clear();
        histogram?.NegativeSpan.Clear();
        histogram?.NegativeDelta.Clear();
    }

    /// <summary>Forgets that it is native.</summary>
    public static void ForgetNative(Oracle.Histogram? histogram)
    {
        ForgetSpans(histogram);
        histogram?.ClearSchema();
        histogram?.ClearZeroThreshold();
        histogram?.ClearZeroCount();
    }

    private static List<(int Index, long Count)> Dense(RepeatedField<Oracle.BucketSpan> spans, RepeatedField<long> deltas)
    {
        var dense = new List<(int, long)>();
        int index = 0;
        int taken = 0;
        long count = 0;
        foreach (Oracle.BucketSpan span in spans)
        {
            index += span.Offset;
            for (uint i = 0; i < span.Length; i++, index++)
            {
                count += deltas[taken++];
                if (count != 0)
                {
                    dense.Add((index, count));
                }
            }
        }

        Assert.Equal(deltas.Count, taken);
        return dense;
    }

    // A span for each bucket.
    private static void AddSpans(ulong[] counts, int offset, RepeatedField<Oracle.BucketSpan> spans, RepeatedField<long> deltas)
    {
        int last = 0;
        long before = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] != 0)
            {
                spans.Add(new Oracle.BucketSpan { Offset = offset + i - last, Length = 1 });
                deltas.Add((long)counts[i] - before);
                (last, before) = (offset + i + 1, (long)counts[i]);
            }
        }
    }

    private static ulong[] Counts(Random random, ref ulong left)
    {
        var counts = new ulong[random.Next(12)];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = random.Next(2) == 0 ? 0 : Take(random, ref left);
        }

        return counts;
    }

    private static ulong Take(Random random, ref ulong left)
    {
        ulong part = (ulong)random.NextInt64((long)left + 1) / 2;
        left -= part;
        return part;
    }
}
