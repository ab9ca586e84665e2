using Exposition.Formats.Protobuf;

namespace Exposition.Formats.Otlp;

/// <summary>Which data points a metric has.</summary>
internal enum OtlpData : byte
{
    /// <summary>None that are known.</summary>
    None,

    /// <summary>Last values.</summary>
    Gauge,

    /// <summary>Sums.</summary>
    Sum,

    /// <summary>Histograms with bounds.</summary>
    Histogram,

    /// <summary>Exponential histograms.</summary>
    Exponential,

    /// <summary>Quantiles, a count and a sum.</summary>
    Summary,
}

/// <summary>What the points of a metric count from.</summary>
internal enum OtlpTemporality : byte
{
    /// <summary>It does not say.</summary>
    Unspecified = 0,

    /// <summary>The point before.</summary>
    Delta = 1,

    /// <summary>Their start.</summary>
    Cumulative = 2,
}

/// <summary>A metric of a request that was checked (<see cref="OtlpCheck"/>). Places are those of the request.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it means.</param>
/// <param name="Unit">Its unit in UCUM.</param>
/// <param name="Data">Which points it has.</param>
/// <param name="Place">The message that they are in.</param>
/// <param name="Temporality">What they count from.</param>
/// <param name="IsMonotonic">Whether a sum only goes up.</param>
internal readonly record struct OtlpMetric(
    TextRef Name, TextRef Description, TextRef Unit, OtlpData Data, TextRef Place, OtlpTemporality Temporality, bool IsMonotonic)
{
    private const uint PointTag = (1 << 3) | (uint)WireType.Bytes;

    /// <summary>Reads one.</summary>
    public static OtlpMetric Read(ReadOnlySpan<byte> body, TextRef message)
    {
        TextRef name = default, description = default, unit = default, place = default;
        var data = OtlpData.None;
        var reader = new ProtoReader(body, message.Start, message.Length);
        while (reader.TryReadTag(out uint tag))
        {
            OtlpData found = (tag >> 3) switch
            {
                5 => OtlpData.Gauge,
                7 => OtlpData.Sum,
                9 => OtlpData.Histogram,
                10 => OtlpData.Exponential,
                11 => OtlpData.Summary,
                _ => OtlpData.None,
            };
            if (found != OtlpData.None)
            {
                (data, _) = (found, reader.TryReadBytes(out place));
                continue;
            }

            _ = (tag >> 3) switch
            {
                1 => reader.TryReadBytes(out name),
                2 => reader.TryReadBytes(out description),
                3 => reader.TryReadBytes(out unit),
                _ => reader.TrySkip(tag),
            };
        }

        (OtlpTemporality temporality, bool isMonotonic) = ReadKind(body, place);
        return new OtlpMetric(name, description, unit, data, place, temporality, isMonotonic);
    }

    /// <summary>Steps to the next point.</summary>
    /// <param name="body">The request.</param>
    /// <param name="at">How far it has come; 0 at first.</param>
    /// <param name="point">Where the point is.</param>
    /// <returns>False at the end.</returns>
    public bool TryNext(ReadOnlySpan<byte> body, ref int at, out TextRef point) =>
        OtlpFields.TryNext(body, Place, PointTag, ref at, out point);

    private static (OtlpTemporality Temporality, bool IsMonotonic) ReadKind(ReadOnlySpan<byte> body, TextRef place)
    {
        ulong temporality = 0, monotonic = 0;
        var reader = new ProtoReader(body, place.Start, place.Length);
        while (reader.TryReadTag(out uint tag))
        {
            _ = tag switch
            {
                2 << 3 => reader.TryReadVarint(out temporality),
                3 << 3 => reader.TryReadVarint(out monotonic),
                _ => reader.TrySkip(tag),
            };
        }

        return (temporality is 1 or 2 ? (OtlpTemporality)temporality : OtlpTemporality.Unspecified, monotonic != 0);
    }
}
