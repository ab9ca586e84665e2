using System.Buffers;

namespace Exposition.Formats.Negotiation;

/// <summary>Character classes of HTTP header values.</summary>
internal static class HttpToken
{
    /// <summary>Characters of a token (RFC 9110, 5.6.2).</summary>
    public static readonly SearchValues<byte> Characters =
        SearchValues.Create("!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~"u8);

    /// <summary>Characters of a token or a media range.</summary>
    public static readonly SearchValues<byte> CharactersAndSlash =
        SearchValues.Create("!#$%&'*+-./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~"u8);

    /// <summary>What may stand between tokens.</summary>
    public static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    /// <summary>Takes a token from the front; empty if there is none.</summary>
    public static ReadOnlySpan<byte> Take(scoped ref ReadOnlySpan<byte> rest)
    {
        int length = rest.IndexOfAnyExcept(Characters);
        ReadOnlySpan<byte> token = length < 0 ? rest : rest[..length];
        rest = rest[token.Length..];
        return token;
    }
}
