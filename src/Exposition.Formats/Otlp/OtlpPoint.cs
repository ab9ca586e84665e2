using Exposition.Formats.Protobuf;

namespace Exposition.Formats.Otlp;

/// <summary>
/// A data point of any kind, of a request that was checked (<see cref="OtlpCheck"/>). Used again for point after point.
/// </summary>
internal sealed class OtlpPoint
{
    private const ulong NoRecordedValue = 1;

    /// <summary>Since when it counts, in nanoseconds since 1970; 0 if it does not say.</summary>
    public ulong Start { get; private set; }

    /// <summary>Of when it is, in the same.</summary>
    public ulong Time { get; private set; }

    /// <summary>Whether it says that there is no value any more.</summary>
    public bool HasNoValue { get; private set; }

    /// <summary>Of a gauge or sum; null if it has none.</summary>
    public double? Value { get; private set; }

    /// <summary>How many observations.</summary>
    public ulong Count { get; private set; }

    /// <summary>Their sum; null if it does not say.</summary>
    public double? Sum { get; private set; }

    /// <summary>Upper bounds.</summary>
    public List<double> Bounds { get; } = [];

    /// <summary>Observations in each bucket of a histogram with bounds.</summary>
    public List<ulong> Counts { get; } = [];

    /// <summary>The resolution of an exponential histogram.</summary>
    public int Scale { get; private set; }

    /// <summary>Observations next to zero.</summary>
    public ulong ZeroCount { get; private set; }

    /// <summary>How far from zero those may be; 0 if it does not say.</summary>
    public double ZeroThreshold { get; private set; }

    /// <summary>Exponential buckets of positive values.</summary>
    public OtlpBuckets Positive { get; } = new();

    /// <summary>The same of negative ones.</summary>
    public OtlpBuckets Negative { get; } = new();

    /// <summary>Quantiles with their values.</summary>
    public List<SummaryQuantile> Quantiles { get; } = [];

    /// <summary>Where its attributes are.</summary>
    public List<TextRef> Attributes { get; } = [];

    /// <summary>Where its exemplars are.</summary>
    public List<TextRef> Exemplars { get; } = [];

    /// <summary>Reads one.</summary>
    public void Read(ReadOnlySpan<byte> body, TextRef message, OtlpData data)
    {
        Clear();
        var reader = new ProtoReader(body, message.Start, message.Length);
        while (reader.TryReadTag(out uint tag))
        {
            uint field = tag >> 3;
            bool isKnown = field switch
            {
                2 => Keep(Start = Fixed(ref reader)),
                3 => Keep(Time = Fixed(ref reader)),
                _ => data switch
                {
                    OtlpData.Gauge or OtlpData.Sum => ReadNumber(field, ref reader),
                    OtlpData.Histogram => ReadHistogram(tag, field, ref reader),
                    OtlpData.Exponential => ReadExponential(field, ref reader),
                    _ => ReadSummary(field, ref reader),
                },
            };
            if (!isKnown)
            {
                reader.TrySkip(tag);
            }
        }
    }

    private void Clear()
    {
        (Start, Time, Count, ZeroCount) = (0, 0, 0, 0);
        (Value, Sum, ZeroThreshold, Scale, HasNoValue) = (null, null, 0, 0, false);
        Bounds.Clear();
        Counts.Clear();
        Positive.Clear();
        Negative.Clear();
        Quantiles.Clear();
        Attributes.Clear();
        Exemplars.Clear();
    }

    private bool ReadNumber(uint field, ref ProtoReader reader) => field switch
    {
        4 => Keep(Value = Double(ref reader)),
        6 => Keep(Value = (long)Fixed(ref reader)),
        5 => Add(Exemplars, ref reader),
        7 => Add(Attributes, ref reader),
        8 => Flags(ref reader),
        _ => false,
    };

    private bool ReadHistogram(uint tag, uint field, ref ProtoReader reader)
    {
        switch (field)
        {
            case 4:
                return Keep(Count = Fixed(ref reader));
            case 5:
                return Keep(Sum = Double(ref reader));
            case 6 or 7:
                ProtoReader numbers = reader;
                if ((WireType)(tag & 7) == WireType.Bytes)
                {
                    numbers = reader.Enter();
                }

                do
                {
                    if (!numbers.TryReadFixed64(out ulong bits))
                    {
                        break;
                    }

                    if (field == 6)
                    {
                        Counts.Add(bits);
                    }
                    else
                    {
                        Bounds.Add(BitConverter.UInt64BitsToDouble(bits));
                    }
                }
                while ((WireType)(tag & 7) == WireType.Bytes);
                if ((WireType)(tag & 7) != WireType.Bytes)
                {
                    reader = numbers;
                }

                return true;
            case 8:
                return Add(Exemplars, ref reader);
            case 9:
                return Add(Attributes, ref reader);
            case 10:
                return Flags(ref reader);
            default:
                return false;
        }
    }

    private bool ReadExponential(uint field, ref ProtoReader reader) => field switch
    {
        1 => Add(Attributes, ref reader),
        4 => Keep(Count = Fixed(ref reader)),
        5 => Keep(Sum = Double(ref reader)),
        6 => Keep(Scale = (int)ProtoReader.ZigZag(Varint(ref reader))),
        7 => Keep(ZeroCount = Fixed(ref reader)),
        8 => Positive.Read(reader.Enter()),
        9 => Negative.Read(reader.Enter()),
        10 => Flags(ref reader),
        11 => Add(Exemplars, ref reader),
        14 => Keep(ZeroThreshold = Double(ref reader)),
        _ => false,
    };

    private bool ReadSummary(uint field, ref ProtoReader reader) => field switch
    {
        4 => Keep(Count = Fixed(ref reader)),
        5 => Keep(Sum = Double(ref reader)),
        6 => Quantile(reader.Enter()),
        7 => Add(Attributes, ref reader),
        8 => Flags(ref reader),
        _ => false,
    };

    private bool Quantile(ProtoReader reader)
    {
        double quantile = 0, value = 0;
        while (reader.TryReadTag(out uint tag))
        {
            _ = (tag >> 3) switch
            {
                1 => reader.TryReadDouble(out quantile),
                2 => reader.TryReadDouble(out value),
                _ => reader.TrySkip(tag),
            };
        }

        Quantiles.Add(new SummaryQuantile(quantile, value));
        return true;
    }

    private bool Flags(ref ProtoReader reader) => Keep(HasNoValue = (Varint(ref reader) & NoRecordedValue) != 0);

    private static bool Add(List<TextRef> to, ref ProtoReader reader)
    {
        reader.TryReadBytes(out TextRef place);
        to.Add(place);
        return true;
    }

    private static ulong Fixed(ref ProtoReader reader) => reader.TryReadFixed64(out ulong value) ? value : 0;

    private static double Double(ref ProtoReader reader) => reader.TryReadDouble(out double value) ? value : 0;

    private static ulong Varint(ref ProtoReader reader) => reader.TryReadVarint(out ulong value) ? value : 0;

    private static bool Keep<T>(T _) => true;
}
