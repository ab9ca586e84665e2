using System.Collections;
using Exposition.Formats;
using Exposition.Testing.Scraped;

namespace Exposition.Testing;

/// <summary>
/// What an application exposes, for assertions: the samples of one scrape in any of the formats, and values by their series. Immutable.
/// </summary>
/// <example>
/// <code>
/// ScrapedMetrics metrics = await ScrapedMetrics.GetAsync(client, cancellationToken: token);
/// Assert.Equal(3, metrics.Value("http_requests_received_total{code=\"200\"}"));
/// </code>
/// </example>
public sealed class ScrapedMetrics : IReadOnlyList<MetricSample>
{
    private readonly IReadOnlyList<MetricSample> _samples;

    private ScrapedMetrics(IReadOnlyList<MetricSample> samples) => _samples = samples;

    /// <summary>Number of samples; each bucket and quantile is one.</summary>
    public int Count => _samples.Count;

    /// <summary>A sample, in the order of the scrape.</summary>
    public MetricSample this[int index] => _samples[index];

    /// <summary>Reads a scrape in the text format or in OpenMetrics.</summary>
    /// <param name="text">The whole body.</param>
    /// <exception cref="ExpositionFormatException">It is none; the message says in which line, and why.</exception>
    public static ScrapedMetrics Parse(string text) => new(ExpositionText.Parse(text));

    /// <summary>Reads a scrape in the format that its content type names, also protobuf.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="contentType">The content type of the answer; null for text.</param>
    /// <exception cref="ExpositionFormatException">It is none; the message says in which line, and why.</exception>
    public static ScrapedMetrics Parse(ReadOnlySpan<byte> body, string? contentType) =>
        new(ExpositionText.Parse(body, contentType, null));

    /// <summary>Scrapes an application.</summary>
    /// <param name="client">Reaches it: that of a test server, or one with a base address.</param>
    /// <param name="path">The path of its metrics.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HttpRequestException">The answer was not a success.</exception>
    /// <exception cref="ExpositionFormatException">What came is no exposition.</exception>
    public static async Task<ScrapedMetrics> GetAsync(
        HttpClient client, string path = "/metrics", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        using HttpResponseMessage response = await client.GetAsync(new Uri(path, UriKind.RelativeOrAbsolute), cancellationToken)
            .ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return Parse(body, response.Content.Headers.ContentType?.ToString());
    }

    /// <summary>The value of a series.</summary>
    /// <param name="series">
    /// As on a line of the text format: <c>rows_total{job="x",table="users"}</c>. Labels may be left out as long as one series is left.
    /// </param>
    /// <exception cref="FormatException">It is no series.</exception>
    /// <exception cref="KeyNotFoundException">There is none, or there are several; the message names those that are most alike.</exception>
    public double Value(string series) => SeriesMatch.Only(_samples, series).Value;

    /// <summary>The value of a series, or null if there is none.</summary>
    /// <param name="series">As for <see cref="Value"/>.</param>
    /// <exception cref="FormatException">It is no series.</exception>
    /// <exception cref="KeyNotFoundException">There are several.</exception>
    public double? Find(string series) => SeriesMatch.Find(_samples, series)?.Value;

    /// <inheritdoc/>
    public IEnumerator<MetricSample> GetEnumerator() => _samples.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
