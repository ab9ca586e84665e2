using Exposition.Formats;

namespace Exposition.Kestrel.Internal;

internal readonly record struct ScrapeLanguage(ScrapeFormat Format, EscapingScheme Escaping);

internal static class FormatBridge
{
    public static ScrapeLanguage Choose(ReadOnlySpan<byte> accept) => Negotiation.Choose(accept) is var n ? new(n.Format, n.Escaping) : default;

    public static ReadOnlySpan<byte> ContentType(ScrapeLanguage language) => Negotiation.ContentType(language.Format, language.Escaping);

    public static bool AcceptsGzip(ReadOnlySpan<byte> acceptEncoding) => Negotiation.AcceptsGzip(acceptEncoding);

    public static bool IsDelimitedProtobuf(ReadOnlySpan<byte> contentType) => PushContentType.IsDelimitedProtobuf(contentType);
}
