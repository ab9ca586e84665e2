using Exposition.Formats.Protobuf;

namespace Exposition.Engine.Adding;

// Two histograms are put together as the Prometheus library does it: first the zero buckets are made equally wide (the narrower one takes
// in the buckets below the other's threshold; where that falls into a bucket that is not empty, both become as wide as that bucket), then
// the finer one is brought to the resolution of the coarser one, then buckets of one index are added.

/// <summary>The sparse part of a histogram, to be added to another.</summary>
internal sealed class NativeBuckets
{
    private const int MinSchema = -4;

    // A gap of so many empty buckets is cheaper as buckets than as a new span.
    private const int MostFilled = 2;

    private readonly SortedDictionary<long, Amount> _negative = [];
    private readonly SortedDictionary<long, Amount> _positive = [];
    private int _schema;
    private double _zeroThreshold;
    private Amount _zero;

    /// <summary>Whether it counts in real numbers.</summary>
    public bool IsFloat { get; private set; }

    /// <summary>Reads the fields of a histogram message.</summary>
    /// <param name="message">The message, well formed.</param>
    /// <param name="isFloat">Whether its counts are real numbers.</param>
    /// <param name="buckets">The buckets.</param>
    /// <returns>What keeps it from being added, or null.</returns>
    public static string? TryRead(ReadOnlySpan<byte> message, bool isFloat, out NativeBuckets buckets)
    {
        buckets = new NativeBuckets { IsFloat = isFloat };
        var fields = new NativeFields();
        var reader = new ProtoReader(message);
        while (reader.TryReadTag(out uint tag))
        {
            fields.Read(tag, ref reader);
        }

        buckets.IsFloat |= fields.ZeroReal > 0 || fields.HasReals;
        buckets._schema = fields.Schema;
        buckets._zeroThreshold = fields.ZeroThreshold;
        buckets._zero = buckets.IsFloat
            ? new Amount(0, fields.ZeroReal > 0 ? fields.ZeroReal : fields.ZeroWhole) : new Amount(fields.ZeroWhole, 0);
        return fields.Schema is < MinSchema or > ExponentialBounds.MaxSchema
                ? $"native histograms of schema {fields.Schema} cannot be added, only those of {MinSchema} to {ExponentialBounds.MaxSchema}"
            : !(fields.ZeroThreshold >= 0) || fields.ZeroReal < 0 || double.IsNaN(fields.ZeroReal)
                ? "a native histogram with an invalid zero bucket"
            : !buckets.TryFill(buckets._negative, fields.NegativeSpans, fields.NegativeDeltas, fields.NegativeReals)
                || !buckets.TryFill(buckets._positive, fields.PositiveSpans, fields.PositiveDeltas, fields.PositiveReals)
                    ? "a native histogram whose spans and buckets do not agree, or with a negative bucket"
            : null;
    }

    /// <summary>Adds another, which may be changed by that.</summary>
    public void Add(NativeBuckets other)
    {
        MakeAlike(other);
        IsFloat |= other.IsFloat;
        _zero = _zero.Plus(other._zero);
        Add(_negative, other._negative);
        Add(_positive, other._positive);
    }

    /// <summary>Takes another away, which may be changed by that.</summary>
    /// <returns>False if some bucket of the other is greater: what is left is of no use then.</returns>
    public bool TrySubtract(NativeBuckets other)
    {
        MakeAlike(other);
        IsFloat |= other.IsFloat;
        if (_zero.IsBelow(other._zero) || !TrySubtract(_negative, other._negative) || !TrySubtract(_positive, other._positive))
        {
            return false;
        }

        _zero = _zero.Minus(other._zero);
        return true;
    }

    /// <summary>Writes the fields 5 to 14 of a histogram message.</summary>
    /// <exception cref="OverflowException">An index is out of range.</exception>
    public void Write(MessageWriter into)
    {
        into.Varint(ProtoTag.Schema, ProtoWriter.ZigZag(_schema));
        into.Double(ProtoTag.ZeroThreshold, _zeroThreshold);
        if (IsFloat)
        {
            into.Double((8 << 3) | (int)WireType.Fixed64, _zero.Value);
        }
        else
        {
            into.Varint(ProtoTag.ZeroCount, _zero.Whole);
        }

        Write(into, _negative, ProtoTag.NegativeSpan, ProtoTag.NegativeDelta, (11 << 3) | (int)WireType.Fixed64);
        Write(into, _positive, ProtoTag.PositiveSpan, ProtoTag.PositiveDelta, (14 << 3) | (int)WireType.Fixed64);
        if (_negative.Count + _positive.Count == 0)
        {
            // It says that it is native.
            PutSpan(into, ProtoTag.PositiveSpan, 0, 0);
        }
    }

    private void Write(MessageWriter into, SortedDictionary<long, Amount> buckets, byte spanTag, byte deltaTag, byte realTag)
    {
        var runs = new List<(long Start, long End)>();
        foreach ((long index, Amount amount) in buckets)
        {
            if (amount.IsZero)
            {
                continue;
            }

            if (runs.Count > 0 && index - runs[^1].End <= MostFilled)
            {
                runs[^1] = (runs[^1].Start, index + 1);
            }
            else
            {
                runs.Add((index, index + 1));
            }
        }

        long end = 0;
        foreach ((long start, long runEnd) in runs)
        {
            PutSpan(into, spanTag, checked((int)(start - end)), checked((uint)(runEnd - start)));
            end = runEnd;
        }

        ulong last = 0;
        foreach ((long start, long runEnd) in runs)
        {
            for (long index = start; index < runEnd; index++)
            {
                Amount amount = buckets.GetValueOrDefault(index);
                if (IsFloat)
                {
                    into.Double(realTag, amount.Value);
                }
                else
                {
                    into.Varint(deltaTag, ProtoWriter.ZigZag(unchecked((long)(amount.Whole - last))));
                    last = amount.Whole;
                }
            }
        }
    }

    private static void PutSpan(MessageWriter into, byte tag, int offset, uint length)
    {
        var span = new MessageWriter();
        span.Varint(ProtoTag.SpanOffset, ProtoWriter.ZigZag(offset));
        span.Varint(ProtoTag.SpanLength, length);
        into.Bytes(tag, span.Written);
    }

    // False where numbers and spans do not agree.
    private bool TryFill(SortedDictionary<long, Amount> into, List<(int Offset, uint Length)> spans, List<long> deltas, List<double> reals)
    {
        long index = 0;
        long count = 0;
        int taken = 0;
        int available = IsFloat ? reals.Count : deltas.Count;
        for (int span = 0; span < spans.Count; span++)
        {
            if ((span > 0 && spans[span].Offset < 0) || spans[span].Length > available - taken)
            {
                return false;
            }

            index += spans[span].Offset;
            for (uint i = 0; i < spans[span].Length; i++, taken++, index++)
            {
                double real = IsFloat ? reals[taken] : 0;
                count = IsFloat ? 0 : unchecked(count + deltas[taken]);
                if (count < 0 || !(real >= 0))
                {
                    return false;
                }

                if (count > 0 || real > 0)
                {
                    into[index] = new Amount((ulong)count, real);
                }
            }
        }

        return taken == available;
    }

    private void MakeAlike(NativeBuckets other)
    {
        while (_zeroThreshold != other._zeroThreshold)
        {
            if (_zeroThreshold < other._zeroThreshold)
            {
                WidenZero(other._zeroThreshold);
            }
            else
            {
                other.WidenZero(_zeroThreshold);
            }
        }

        int schema = Math.Min(_schema, other._schema);
        Reduce(schema);
        other.Reduce(schema);
    }

    private void WidenZero(double threshold)
    {
        double least;
        do
        {
            least = threshold;
            threshold = Math.Max(EndAcross(_positive, threshold), EndAcross(_negative, threshold));
        }
        while (threshold > least);
        _zero = _zero.Plus(TakeBelow(_positive, threshold)).Plus(TakeBelow(_negative, threshold));
        _zeroThreshold = threshold;
    }

    // The end of the bucket that a threshold falls into, or the threshold.
    private double EndAcross(SortedDictionary<long, Amount> buckets, double threshold)
    {
        foreach ((long index, Amount amount) in buckets)
        {
            double end = ExponentialBounds.At(index, _schema);
            if (end > threshold)
            {
                return !amount.IsZero && ExponentialBounds.At(index - 1, _schema) < threshold ? end : threshold;
            }
        }

        return threshold;
    }

    private Amount TakeBelow(SortedDictionary<long, Amount> buckets, double threshold)
    {
        Amount taken = default;
        foreach (long index in buckets.Keys.TakeWhile(index => ExponentialBounds.At(index - 1, _schema) < threshold).ToArray())
        {
            taken = taken.Plus(buckets[index]);
            buckets.Remove(index);
        }

        return taken;
    }

    private void Reduce(int schema)
    {
        int by = _schema - schema;
        _schema = schema;
        if (by > 0)
        {
            Reduce(_negative, by);
            Reduce(_positive, by);
        }
    }

    private static void Reduce(SortedDictionary<long, Amount> buckets, int by)
    {
        KeyValuePair<long, Amount>[] all = [.. buckets];
        buckets.Clear();
        foreach ((long index, Amount amount) in all)
        {
            long into = ((index - 1) >> by) + 1;
            buckets[into] = buckets.GetValueOrDefault(into).Plus(amount);
        }
    }

    private static void Add(SortedDictionary<long, Amount> buckets, SortedDictionary<long, Amount> others)
    {
        foreach ((long index, Amount amount) in others)
        {
            buckets[index] = buckets.GetValueOrDefault(index).Plus(amount);
        }
    }

    private static bool TrySubtract(SortedDictionary<long, Amount> buckets, SortedDictionary<long, Amount> others)
    {
        foreach ((long index, Amount amount) in others)
        {
            Amount before = buckets.GetValueOrDefault(index);
            if (before.IsBelow(amount))
            {
                return false;
            }

            buckets[index] = before.Minus(amount);
        }

        return true;
    }
}
