using System.Globalization;
using System.Text;

namespace Exposition.Kestrel.Serving;

/// <summary>The Date header line, made anew once a second. Safe for concurrent use.</summary>
internal sealed class DateCache(TimeProvider time)
{
    private volatile Line? _line;

    /// <summary><c>Date: ...</c> with its line end.</summary>
    public ReadOnlySpan<byte> HeaderLine
    {
        get
        {
            DateTimeOffset now = time.GetUtcNow();
            long second = now.ToUnixTimeSeconds();
            Line? line = _line;
            if (line is null || line.Second != second)
            {
                _line = line = new Line(second, Encoding.ASCII.GetBytes($"Date: {now.ToString("r", CultureInfo.InvariantCulture)}\r\n"));
            }

            return line.Bytes;
        }
    }

    private sealed record Line(long Second, byte[] Bytes);
}
