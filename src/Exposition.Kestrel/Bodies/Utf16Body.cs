using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;

namespace Exposition.Kestrel.Bodies;

// What Windows PowerShell's `>` and Out-File write. A Content-Type may say charset=utf-16 of anything, so it is not asked: text in UTF-16 has a byte order
// mark, or begins with two characters of ASCII, and then every other of its first four bytes is NUL. A text in UTF-8 that begins so has no meaning.

/// <summary>Turns a text in UTF-16 into UTF-8.</summary>
internal static class Utf16Body
{
    private const int Step = 4096;

    // The most that UTF-8 needs for one unit of UTF-16.
    private const int BytesPerUnit = 3;

    /// <summary>Whether a body is such a text.</summary>
    public static bool Starts(ReadOnlySpan<byte> body) => body is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [not 0, 0, not 0, 0, ..] or [0, not 0, 0, not 0, ..];

    /// <summary>Decodes.</summary>
    /// <param name="body">The text, in either order of bytes.</param>
    /// <param name="into">Where the bytes go; on failure it holds what came before.</param>
    /// <param name="limit">Most bytes to decode.</param>
    public static DecodeOutcome Decode(ReadOnlySpan<byte> body, PooledBody into, long limit)
    {
        if (body.Length % 2 != 0)
        {
            return new DecodeOutcome("the body is UTF-16 and ends in half a character");
        }

        bool bigEndian = body is [0xFE, 0xFF, ..] or [0, ..];
        Span<char> units = stackalloc char[Step / 2];
        into.Expect(body.Length / 2);
        while (!body.IsEmpty)
        {
            int bytes = Math.Min(Step, body.Length);
            int count = bytes / 2;
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> unit = body[(2 * i)..];
                units[i] = (char)(bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(unit) : BinaryPrimitives.ReadUInt16LittleEndian(unit));
            }

            // A pair is not torn.
            if (bytes < body.Length && char.IsHighSurrogate(units[count - 1]))
            {
                count--;
            }

            if (!into.TryReserve(count * BytesPerUnit))
            {
                return new DecodeOutcome(NoRoom: true);
            }

            if (Utf8.FromUtf16(units[..count], into.GetMemory().Span, out _, out int written, replaceInvalidSequences: false) != OperationStatus.Done)
            {
                return new DecodeOutcome("the body is UTF-16 and has half of a surrogate pair");
            }

            into.Advance(written);
            if (into.Length > limit)
            {
                return new DecodeOutcome(TooLarge: true);
            }

            body = body[(2 * count)..];
        }

        return default;
    }
}
