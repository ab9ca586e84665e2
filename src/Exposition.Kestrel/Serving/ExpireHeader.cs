using System.Text;
using Exposition.Formats.Go;

namespace Exposition.Kestrel.Serving;

/// <summary>The header by which a push says when its series expire.</summary>
internal static class ExpireHeader
{
    public const string Name = "Exposition-Expire-After";

    // Longer than any duration that makes sense.
    private const int MaxLength = 64;

    /// <summary>Takes the value into a request, or what is wrong with it.</summary>
    public static void Take(ReadOnlySpan<byte> value, ref PushRequest request)
    {
        if (value.Length > MaxLength)
        {
            request.HeaderError ??= $"invalid {Name} header: more than {MaxLength} bytes";
            return;
        }

        Span<char> text = stackalloc char[MaxLength];
        text = text[..Encoding.UTF8.GetChars(value, text)];
        if (GoDuration.TryParseTime(text, out TimeSpan after, out string? error))
        {
            request.ExpireAfter = after;
        }
        else
        {
            request.HeaderError ??= $"invalid {Name} header: {error}";
        }
    }
}
