namespace Exposition.Formats.Internal;

// The reference prints a time as float64(nanoseconds) / 1e9. Of a time in plain decimal digits every digit down to the nanosecond counts; of
// one with an exponent, which is how the reference prints today's times, the nanoseconds that are printed as that same number again.

/// <summary>A google.protobuf.Timestamp: seconds since 1970 and nanoseconds that go forward from them.</summary>
internal readonly record struct UnixTime(long Seconds, int Nanos)
{
    private const long MinSeconds = -62_135_596_800;
    private const long EndSeconds = 253_402_300_800;
    private const int NanosPerSecond = 1_000_000_000;

    /// <summary>Whether protobuf allows it: the years 1 to 9999.</summary>
    public bool IsValid => Seconds is >= MinSeconds and < EndSeconds && Nanos is >= 0 and < NanosPerSecond;

    /// <summary>The time as OpenMetrics shows it.</summary>
    public double ToSeconds() => (double)(((Int128)Seconds * NanosPerSecond) + Nanos) / NanosPerSecond;

    /// <summary>Reads a time.</summary>
    /// <param name="text">The number.</param>
    /// <param name="value">Its value, as <see cref="NumberParser"/> reads it.</param>
    /// <param name="time">The time.</param>
    /// <returns>False for what is no time between the years 1 and 9999.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, double value, out UnixTime time)
    {
        time = default;
        if (!(value >= MinSeconds && value < EndSeconds))
        {
            return false;
        }

        time = text.IndexOfAny((byte)'e', (byte)'E') < 0 ? FromDigits(text) : FromDouble(value);
        return time.IsValid;
    }

    private static UnixTime FromDigits(ReadOnlySpan<byte> text)
    {
        bool negative = text[0] == '-';
        long seconds = 0;
        int nanos = 0;
        int unit = 0;
        foreach (byte b in text)
        {
            if (b == '.')
            {
                unit = NanosPerSecond / 10;
            }
            else if (b is >= (byte)'0' and <= (byte)'9')
            {
                int digit = b - '0';
                if (unit > 0)
                {
                    nanos += digit * unit;

                    // Behind the ninth digit a unit of zero would mean the whole part again.
                    if ((unit /= 10) == 0)
                    {
                        break;
                    }
                }
                else
                {
                    seconds = (seconds * 10) + digit;
                }
            }
        }

        return !negative ? new UnixTime(seconds, nanos)
            : nanos == 0 ? new UnixTime(-seconds, 0)
            : new UnixTime(-seconds - 1, NanosPerSecond - nanos);
    }

    private static UnixTime FromDouble(double value)
    {
        double whole = Math.Floor(value);
        Int128 nanos = ((Int128)whole * NanosPerSecond) + (long)Math.Round((value - whole) * NanosPerSecond);
        if ((double)nanos / NanosPerSecond != value)
        {
            nanos = (Int128)Math.Round(value * NanosPerSecond);
        }

        Int128 seconds = nanos / NanosPerSecond;
        int rest = (int)(nanos - (seconds * NanosPerSecond));
        return rest < 0 ? new UnixTime((long)seconds - 1, rest + NanosPerSecond) : new UnixTime((long)seconds, rest);
    }
}
