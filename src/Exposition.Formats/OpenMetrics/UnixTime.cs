using System.Globalization;
using Exposition.Formats.Numbers;
using Exposition.Formats.Protobuf;

namespace Exposition.Formats.OpenMetrics;

// Reading takes the decimal digits as they stand, down to the nanosecond; writing prints the float next to the time. So a time that was
// printed is read and printed as the same again. (The Pushgateway prints float64(nanoseconds) / 1e9, which is often a neighbour of that
// float: 0.25 s becomes 0.2499998, and a scraper that cuts to milliseconds is one off.)

/// <summary>A google.protobuf.Timestamp: seconds since 1970 and nanoseconds that go forward from them.</summary>
internal readonly record struct UnixTime(long Seconds, int Nanos)
{
    private const long MinSeconds = -62_135_596_800;
    private const long EndSeconds = 253_402_300_800;
    private const int NanosPerSecond = 1_000_000_000;

    // A larger exponent means nothing: the digits that it would need fill gigabytes.
    private const int ExponentCap = 100_000_000;

    private static readonly int[] s_nanoUnits = [100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];

    /// <summary>Whether protobuf allows it: the years 1 to 9999.</summary>
    public bool IsValid => Seconds is >= MinSeconds and < EndSeconds && Nanos is >= 0 and < NanosPerSecond;

    /// <summary>Nanoseconds since 1970.</summary>
    public Int128 Nanoseconds => ((Int128)Seconds * NanosPerSecond) + Nanos;

    /// <summary>The same moment.</summary>
    public static UnixTime Of(DateTimeOffset time)
    {
        long ticks = (time - DateTimeOffset.UnixEpoch).Ticks;
        long seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest);
        return rest >= 0
            ? new UnixTime(seconds, (int)(rest * TimeSpan.NanosecondsPerTick))
            : new UnixTime(seconds - 1, (int)((rest + TimeSpan.TicksPerSecond) * TimeSpan.NanosecondsPerTick));
    }

    /// <summary>Reads its message, which is well formed.</summary>
    public static UnixTime Read(ProtoReader reader)
    {
        ulong seconds = 0;
        ulong nanos = 0;
        while (reader.TryReadTag(out uint tag))
        {
            _ = tag switch
            {
                ProtoTag.TimeSeconds => reader.TryReadVarint(out seconds),
                ProtoTag.TimeNanos => reader.TryReadVarint(out nanos),
                _ => reader.TrySkip(tag),
            };
        }

        return new UnixTime((long)seconds, (int)nanos);
    }

    /// <summary>The float next to the time, which must be valid.</summary>
    public double ToSeconds()
    {
        bool negative = Seconds < 0;
        (long whole, int rest) = !negative ? (Seconds, Nanos) : Nanos == 0 ? (-Seconds, 0) : (-Seconds - 1, NanosPerSecond - Nanos);
        Span<byte> text = stackalloc byte[32];
        whole.TryFormat(text, out int length, default, CultureInfo.InvariantCulture);
        text[length++] = (byte)'.';
        rest.TryFormat(text[length..], out int digits, "D9", CultureInfo.InvariantCulture);
        _ = NumberParser.TryParse(text[..(length + digits)], out double seconds);
        return negative ? -seconds : seconds;
    }

    /// <summary>Reads a time out of a number whose value, as <see cref="NumberParser"/> reads it, is known.</summary>
    /// <returns>False for what is no time between the years 1 and 9999.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, double value, out UnixTime time)
    {
        time = default;
        if (!(value >= MinSeconds && value < EndSeconds))
        {
            return false;
        }

        bool negative = text[0] == '-';
        Read(text[0] is (byte)'-' or (byte)'+' ? text[1..] : text, out long seconds, out int nanos);
        time = !negative ? new UnixTime(seconds, nanos)
            : nanos == 0 ? new UnixTime(-seconds, 0)
            : new UnixTime(-seconds - 1, NanosPerSecond - nanos);
        return time.IsValid;
    }

    // digits [ "." digits ] [ "e" exponent ], of a value that is known to be in range: no sum overflows.
    private static void Read(ReadOnlySpan<byte> text, out long seconds, out int nanos)
    {
        int end = text.IndexOfAny((byte)'e', (byte)'E');
        int exponent = end < 0 ? 0 : ReadExponent(text[(end + 1)..]);
        ReadOnlySpan<byte> digits = end < 0 ? text : text[..end];
        int point = digits.IndexOf((byte)'.');

        // The power of ten of the first digit, plus one.
        int place = (point < 0 ? digits.Length : point) + exponent;
        (seconds, nanos) = (0, 0);
        foreach (byte b in digits)
        {
            if (b == '.')
            {
                continue;
            }

            place--;
            if (place >= 0)
            {
                seconds = (seconds * 10) + (b - '0');
            }
            else if (place >= -s_nanoUnits.Length)
            {
                nanos += (b - '0') * s_nanoUnits[-place - 1];
            }
        }

        for (; place > 0 && seconds != 0; place--)
        {
            seconds *= 10;
        }
    }

    private static int ReadExponent(ReadOnlySpan<byte> text)
    {
        int exponent = 0;
        foreach (byte b in text)
        {
            exponent = b is (byte)'-' or (byte)'+' ? exponent : Math.Min((exponent * 10) + (b - '0'), ExponentCap);
        }

        return text[0] == '-' ? -exponent : exponent;
    }
}
