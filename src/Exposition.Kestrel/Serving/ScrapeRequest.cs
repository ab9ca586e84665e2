using Exposition.Formats;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel.Serving;

/// <summary>A scrape that is asked for: what either door has understood of the head.</summary>
/// <param name="Language">What <see cref="FormatNegotiator.Choose(ReadOnlySpan{byte}, bool)"/> made of the Accept header.</param>
/// <param name="Gzip">Whether to compress.</param>
/// <param name="Timeout">How long it may take; zero for any time.</param>
/// <param name="Door">Which door asks.</param>
/// <param name="Query">Which groups it asks for.</param>
internal readonly record struct ScrapeRequest(
    ScrapeNegotiation Language, bool Gzip, TimeSpan Timeout, Door Door, ScrapeQuery Query = default)
{
    /// <summary>Who asks.</summary>
    public ScrapedBy By { get; init; }
}
