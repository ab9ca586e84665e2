using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Exposition.Kestrel.Clients;

namespace Exposition.Gateway.Web;

/// <summary>The users of the web configuration, as the engine asks for them.</summary>
internal sealed class UserNames(WebConfigFile web) : IUserNames
{
    private const int MostBytes = 1024;

    private static ReadOnlySpan<byte> Scheme => "Basic "u8;

    public string? Of(ReadOnlySpan<byte> authorization)
    {
        if (web.State.Auth is not { } auth || authorization.Length > MostBytes || authorization.Length <= Scheme.Length
            || !Ascii.EqualsIgnoreCase(authorization[..Scheme.Length], Scheme))
        {
            return null;
        }

        // As what is sent is, so what it is decoded to and its letters are fewer.
        Span<byte> decoded = stackalloc byte[MostBytes];
        Span<char> letters = stackalloc char[MostBytes];
        return Base64.DecodeFromUtf8(authorization[Scheme.Length..], decoded, out _, out int length) == OperationStatus.Done
            && decoded[..length].IndexOf((byte)':') is >= 0 and var colon
            && Encoding.UTF8.TryGetChars(decoded[..colon], letters, out int count)
                ? auth.NameOf(letters[..count])
                : null;
    }
}
