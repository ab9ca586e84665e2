using System.Text;
using Exposition.Engine;
using Exposition.Engine.Remembering;
using Exposition.Formats.Go;
using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel.Serving;

/// <summary>The headers by which a push says what it does to what its group has, how it is named, and who counts.</summary>
internal static class PushHeaders
{
    public const string Mode = "Exposition-Push-Mode";
    public const string Id = "Exposition-Push-Id";
    public const string Source = "Exposition-Source";

    /// <summary>The longest id, and the longest source.</summary>
    public const int MaxName = 128;

    private const int MaxMode = 32;

    /// <summary>Takes a mode into a request, or what is wrong with it. The method must be there.</summary>
    public static void TakeMode(ReadOnlySpan<byte> value, ref PushRequest request)
    {
        Span<char> word = stackalloc char[MaxMode];
        if (value.Length > MaxMode || !PushModes.TryParse(word[..Encoding.ASCII.GetChars(value, word)], out PushMode mode))
        {
            request.HeaderError ??= $"invalid {Mode} header: expected {PushModes.All}, got \"{ShownText.Of(value)}\"";
        }
        else if (request.Method == PushMethod.Put && mode != PushMode.Replace)
        {
            request.HeaderError ??= $"invalid {Mode} header: a PUT replaces the group; {PushModes.NameOf(mode)} is for a POST";
        }
        else
        {
            request.GivenMode = mode;
        }
    }

    /// <summary>Takes an id into a request, or what is wrong with it.</summary>
    /// <param name="value">The header's.</param>
    /// <param name="kept">Where it can stay as long as the request.</param>
    /// <param name="request">The request.</param>
    public static void TakeId(ReadOnlySpan<byte> value, Memory<byte> kept, ref PushRequest request) =>
        request.Id = Keep(Id, value, kept, ref request);

    /// <summary>The same of a source.</summary>
    public static void TakeSource(ReadOnlySpan<byte> value, Memory<byte> kept, ref PushRequest request) =>
        request.Source = Keep(Source, value, kept, ref request);

    private static ReadOnlyMemory<byte> Keep(string name, ReadOnlySpan<byte> value, Memory<byte> kept, ref PushRequest request)
    {
        if (value.Length is 0 or > MaxName)
        {
            request.HeaderError ??= $"invalid {name} header: expected 1 to {MaxName} bytes, got {value.Length}";
            return default;
        }

        value.CopyTo(kept.Span);
        return kept[..value.Length];
    }
}
