using System.Text;
using System.Text.Encodings.Web;

namespace Exposition.Kestrel.Api;

/// <summary>
/// Escapes JSON strings as Go's encoding/json does: controls, quotes, backslashes, the three HTML characters and the two line separators,
/// nothing else.
/// </summary>
internal sealed class GoJsonEncoder : JavaScriptEncoder
{
    /// <summary>The one instance; it has no state.</summary>
    public static GoJsonEncoder Instance { get; } = new();

    public override int MaxOutputCharactersPerInputCharacter => 6;

    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < 0x20 or '"' or '\\' or '<' or '>' or '&' or 0x2028 or 0x2029;

    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var characters = new ReadOnlySpan<char>(text, textLength);
        int at = 0;
        while (at < characters.Length)
        {
            // Half a surrogate pair is replaced, so it counts as one to encode.
            if (Rune.DecodeFromUtf16(characters[at..], out Rune rune, out int length) != System.Buffers.OperationStatus.Done
                || WillEncode(rune.Value))
            {
                return at;
            }

            at += length;
        }

        return -1;
    }

    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var into = new Span<char>(buffer, bufferLength);
        char shortForm = unicodeScalar switch
        {
            '"' => '"',
            '\\' => '\\',
            '\b' => 'b',
            '\f' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            _ => '\0',
        };
        if (!WillEncode(unicodeScalar))
        {
            return new Rune(unicodeScalar).TryEncodeToUtf16(into, out numberOfCharactersWritten);
        }

        return shortForm == '\0'
            ? into.TryWrite($"\\u{unicodeScalar:x4}", out numberOfCharactersWritten)
            : into.TryWrite($"\\{shortForm}", out numberOfCharactersWritten);
    }
}
