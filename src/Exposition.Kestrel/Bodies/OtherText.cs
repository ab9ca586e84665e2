using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Exposition.Kestrel.Bodies;

/// <summary>How the characters of a text are written.</summary>
internal enum TextCode : byte
{
    /// <summary>As those of every body that is sent as the Pushgateway wants it.</summary>
    Utf8,

    /// <summary>UTF-16, the low byte first.</summary>
    Utf16Little,

    /// <summary>UTF-16, the high byte first.</summary>
    Utf16Big,

    /// <summary>One byte for each: Windows-1252, of which ISO-8859-1 and ASCII are parts.</summary>
    Windows1252,

    /// <summary>Not UTF-8, and of a charset that is not known here.</summary>
    Unknown,
}

// UTF-16 is what Windows PowerShell's `>` and Out-File write. A Content-Type may say charset=utf-16 of anything, so it is not asked: text
// in UTF-16 has a byte order mark, or begins with two characters of ASCII, and then every other of its first four bytes is NUL. A text in
// UTF-8 that begins so has no meaning.
//
// Other charsets are believed only of a body that is not UTF-8: many libraries say ISO-8859-1 whatever they send, and the Pushgateway does
// not listen. As browsers do, the names of ASCII and ISO-8859-1 are read as Windows-1252: the controls that it replaces are in no text.

/// <summary>Turns a text that is not in UTF-8 into UTF-8.</summary>
internal static class OtherText
{
    private const int Step = 4096;

    // The most that UTF-8 needs for one unit of UTF-16.
    private const int BytesPerUnit = 3;

    private const string LostBytes =
        " (curl -d takes the bytes of line ends, and NUL bytes, out of a file; curl --data-binary @FILE keeps them)";

    private const int FirstOfTable = 0x80;

    // What Windows-1252 has where Latin-1 has controls; where it has nothing they stay.
    private const string Table = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

    private static readonly string[] s_singleBytes =
        ["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1", "us-ascii", "ascii", "windows-1252", "cp1252"];

    /// <summary>The charset that a Content-Type names, or null if it is UTF-8 or none.</summary>
    public static string? CharsetOf(ReadOnlySpan<byte> contentType)
    {
        foreach (Range part in contentType.Split((byte)';'))
        {
            ReadOnlySpan<byte> parameter = contentType[part].Trim(" \t"u8);
            int equals = parameter.IndexOf((byte)'=');
            if (equals > 0 && Ascii.EqualsIgnoreCase(parameter[..equals].TrimEnd(" \t"u8), "charset"u8))
            {
                ReadOnlySpan<byte> name = parameter[(equals + 1)..].Trim(" \t\"'"u8);
                bool isUtf8 = name.IsEmpty || Ascii.EqualsIgnoreCase(name, "utf-8"u8) || Ascii.EqualsIgnoreCase(name, "utf8"u8);
                return isUtf8 ? null : Encoding.Latin1.GetString(name);
            }
        }

        return null;
    }

    /// <summary>How a body is written.</summary>
    /// <param name="body">The text.</param>
    /// <param name="charset">What its sender says of it, see <see cref="CharsetOf"/>.</param>
    public static TextCode CodeOf(ReadOnlySpan<byte> body, string? charset) => body switch
    {
        [0xFE, 0xFF, ..] or [0, not 0, 0, not 0, ..] => TextCode.Utf16Big,
        [0xFF, 0xFE, ..] or [not 0, 0, not 0, 0, ..] => TextCode.Utf16Little,
        _ => charset is null || Utf8.IsValid(body) ? TextCode.Utf8
            : s_singleBytes.Contains(charset, StringComparer.OrdinalIgnoreCase) ? TextCode.Windows1252
            : TextCode.Unknown,
    };

    /// <summary>Decodes.</summary>
    /// <param name="body">The text.</param>
    /// <param name="code">How it is written: not in UTF-8, and in a way that is known.</param>
    /// <param name="into">Where the bytes go; on failure it holds what came before.</param>
    /// <param name="limit">Most bytes to decode.</param>
    public static DecodeOutcome Decode(ReadOnlySpan<byte> body, TextCode code, PooledBody into, long limit)
    {
        int width = code == TextCode.Windows1252 ? 1 : 2;
        if (body.Length % width != 0)
        {
            return new DecodeOutcome("the body is UTF-16 and ends in half a character" + LostBytes);
        }

        if (width == 2 && !body.Contains((byte)0))
        {
            return new DecodeOutcome("the body is UTF-16 without a character of ASCII" + LostBytes);
        }

        Span<char> units = stackalloc char[Step / 2];
        into.Expect(body.Length / width);
        while (!body.IsEmpty)
        {
            int count = Math.Min(units.Length, body.Length / width);
            for (int i = 0; i < count; i++)
            {
                units[i] = UnitAt(body[(width * i)..], code);
            }

            if (width == 2 && units[..count].Contains('\0'))
            {
                return new DecodeOutcome("the body is UTF-16 with a NUL in it" + LostBytes);
            }

            // A pair is not torn.
            if (width * count < body.Length && char.IsHighSurrogate(units[count - 1]))
            {
                count--;
            }

            if (!into.TryReserve(count * BytesPerUnit))
            {
                return new DecodeOutcome(NoRoom: true);
            }

            Span<byte> room = into.GetMemory().Span;
            if (Utf8.FromUtf16(units[..count], room, out _, out int written, replaceInvalidSequences: false) != OperationStatus.Done)
            {
                return new DecodeOutcome("the body is UTF-16 and has half of a surrogate pair");
            }

            into.Advance(written);
            if (into.Length > limit)
            {
                return new DecodeOutcome(TooLarge: true);
            }

            body = body[(width * count)..];
        }

        return default;
    }

    private static char UnitAt(ReadOnlySpan<byte> bytes, TextCode code) => code switch
    {
        TextCode.Utf16Big => (char)BinaryPrimitives.ReadUInt16BigEndian(bytes),
        TextCode.Utf16Little => (char)BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        _ => bytes[0] - FirstOfTable is var at && at >= 0 && at < Table.Length ? Table[at] : (char)bytes[0],
    };
}
