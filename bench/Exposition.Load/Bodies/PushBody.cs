using System.Globalization;
using System.Text;

namespace Exposition.Load.Bodies;

/// <summary>
/// A body whose values can be rewritten in place, so that no push is like the one before and none has another length: what is pushed
/// again and again unchanged is learned by caches and branch predictors, and real values change.
/// </summary>
internal sealed class PushBody
{
    /// <summary>The share of the values that a push changes.</summary>
    public const double RewrittenShare = 0.4;

    private readonly List<(int Start, int Length)> _values;

    private PushBody(byte[] bytes, List<(int Start, int Length)> values)
    {
        Bytes = bytes;
        _values = values;
    }

    /// <summary>The text as it is now.</summary>
    public byte[] Bytes { get; }

    /// <summary>Lines with a value.</summary>
    public int Series => _values.Count;

    /// <summary>A body of lines that end with their value.</summary>
    public static PushBody Of(string text)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        var values = new List<(int, int)>();
        for (int start = 0; start < bytes.Length;)
        {
            int length = bytes.AsSpan(start).IndexOf((byte)'\n');
            length = length < 0 ? bytes.Length - start : length;
            ReadOnlySpan<byte> line = bytes.AsSpan(start, length);
            if (!line.IsEmpty && line[0] != '#')
            {
                int value = line.LastIndexOf((byte)' ') + 1;
                values.Add((start + value, length - value));
            }

            start += length + 1;
        }

        return new PushBody(bytes, values);
    }

    /// <summary>The same text in memory of its own.</summary>
    public PushBody Copy() => new([.. Bytes], _values);

    /// <summary>Writes other digits into about so many of the values.</summary>
    public void Rewrite(Random random, double share = RewrittenShare)
    {
        foreach ((int start, int length) in _values)
        {
            if (random.NextDouble() < share)
            {
                RewriteDigits(Bytes.AsSpan(start, length), random);
            }
        }
    }

    /// <summary>Lets about so many of the values, which are whole numbers, grow by a little.</summary>
    /// <exception cref="InvalidOperationException">One would need another digit.</exception>
    public void Count(Random random, double share = RewrittenShare)
    {
        foreach ((int start, int length) in _values)
        {
            if (random.NextDouble() < share)
            {
                Span<byte> value = Bytes.AsSpan(start, length);
                if (!(ValueOf(value) + random.Next(1, 10)).TryFormat(value, out int written, default, CultureInfo.InvariantCulture)
                    || written < length)
                {
                    throw new InvalidOperationException("a value has grown by a digit: begin with smaller ones");
                }
            }
        }
    }

    /// <summary>Adds the values, which are whole numbers, to others, or takes their place.</summary>
    public void AddTo(Span<long> sums, bool replace)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            (int start, int length) = _values[i];
            sums[i] = (replace ? 0 : sums[i]) + ValueOf(Bytes.AsSpan(start, length));
        }
    }

    /// <summary>The text with other values.</summary>
    public byte[] With(ReadOnlySpan<long> values)
    {
        var text = new StringBuilder();
        int from = 0;
        for (int i = 0; i < values.Length; i++)
        {
            (int start, int length) = _values[i];
            text.Append(Encoding.ASCII.GetString(Bytes, from, start - from)).Append(CultureInfo.InvariantCulture, $"{values[i]}");
            from = start + length;
        }

        return Encoding.ASCII.GetBytes(text.Append(Encoding.ASCII.GetString(Bytes, from, Bytes.Length - from)).ToString());
    }

    private static long ValueOf(ReadOnlySpan<byte> digits) => long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    // The exponent stays, and so does a fraction of zero: a count has none.
    private static void RewriteDigits(Span<byte> value, Random random)
    {
        int end = value.IndexOf((byte)'E');
        Span<byte> digits = end < 0 ? value : value[..end];
        digits = digits.EndsWith(".0"u8) ? digits[..^2] : digits;
        bool isFirst = true;
        foreach (ref byte digit in digits)
        {
            if (char.IsAsciiDigit((char)digit))
            {
                digit = (byte)('0' + (isFirst && digits.Length > 1 ? random.Next(1, 10) : random.Next(10)));
                isFirst = false;
            }
        }
    }
}
