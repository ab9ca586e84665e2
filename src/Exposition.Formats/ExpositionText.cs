using System.Diagnostics.CodeAnalysis;
using System.Text;
using Exposition.Formats.Samples;

namespace Exposition.Formats;

/// <summary>
/// Expositions in one call: whole bodies as lists of samples (for tests and tools), and text from pipes and streams. What must be quick
/// over memory uses <see cref="ExpositionReader"/> or <see cref="TextFormat"/>. Safe for concurrent use.
/// </summary>
/// <example>
/// <code>
/// IReadOnlyList&lt;MetricSample&gt; samples = ExpositionText.Parse(await client.GetStringAsync(address));
/// double failed = samples.Single(sample =&gt; sample.Name == "http_requests_total" &amp;&amp; sample.Labels["code"] == "500").Value;
/// </code>
/// </example>
/// <example>
/// A pipe, without garbage:
/// <code>
/// var totals = new Dictionary&lt;string, double&gt;();
/// await ExpositionText.ReadAsync(reader, totals, static (totals, sample) =&gt;
/// {
///     if (sample.Labels.TryGet("job"u8, out ReadOnlySpan&lt;byte&gt; job))
///     {
///         string name = Encoding.UTF8.GetString(job);
///         totals[name] = totals.GetValueOrDefault(name) + sample.Value;
///     }
/// });
/// </code>
/// </example>
public static partial class ExpositionText
{
    /// <summary>Reads a whole body of text or, if it ends in <c># EOF</c>, of OpenMetrics.</summary>
    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, string?, ExpositionReadOptions?)" path="/remarks"/>
    /// <param name="body">The body; copied.</param>
    /// <exception cref="ExpositionFormatException">The body is malformed: the line and the reason.</exception>
    public static IReadOnlyList<MetricSample> Parse(ReadOnlySpan<byte> body) => Parse(body, null, null);

    /// <summary>Reads a whole body.</summary>
    /// <remarks>
    /// <para>What text leaves open is the same as in a scrape by Prometheus: samples are in the order of families and metrics, <c>le</c>
    /// and
    /// <c>quantile</c> come last and are numbers in their shortest form (<c>0.10</c> is <c>0.1</c>). Use <see cref="ExpositionReader"/> to
    /// see lines as they are written.</para>
    /// <para>Of OpenMetrics, families have the names of the text format: a counter's ends in <c>_total</c>, an info's in <c>_info</c>.
    /// Of protobuf, the samples are those of the text format. Exemplars and native buckets are no samples: see <see cref="FamilySet"/>.
    /// </para>
    /// </remarks>
    /// <param name="body">The body; copied.</param>
    /// <param name="contentType">What the sender says of it, which chooses the format: OpenMetrics 1.0, delimited protobuf, or else text
    /// 0.0.4. Without one it is text, or OpenMetrics if it ends in its last line, <c># EOF</c>.</param>
    /// <param name="options">Which names to accept, and how strict to be; null for the defaults.</param>
    /// <exception cref="ExpositionFormatException">The body is malformed: the line and the reason.</exception>
    public static IReadOnlyList<MetricSample> Parse(ReadOnlySpan<byte> body, string? contentType, ExpositionReadOptions? options) =>
        TryParse(body, contentType, options, out IReadOnlyList<MetricSample>? samples, out FormatError error)
            ? samples
            : throw new ExpositionFormatException(error);

    /// <summary>Reads a whole body of text or, if it ends in <c># EOF</c>, of OpenMetrics.</summary>
    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, string?, ExpositionReadOptions?)" path="/remarks"/>
    /// <param name="body">The body.</param>
    /// <exception cref="ExpositionFormatException">The body is malformed: the line and the reason.</exception>
    public static IReadOnlyList<MetricSample> Parse(string body) => Parse(body, null, null);

    /// <summary>Reads a whole body of text.</summary>
    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, string?, ExpositionReadOptions?)"/>
    /// <exception cref="ArgumentException">Binary protobuf is no string.</exception>
    public static IReadOnlyList<MetricSample> Parse(string body, string? contentType, ExpositionReadOptions? options)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (FormatOf(default, contentType) == ScrapeFormat.ProtobufDelimited)
        {
            throw new ArgumentException("Protobuf is binary and does not survive in a string: give the bytes.", nameof(contentType));
        }

        return Parse(Encoding.UTF8.GetBytes(body), contentType, options);
    }

    /// <summary>Reads a whole body, or says what is wrong with it.</summary>
    /// <param name="body">The body, of text or, if it ends in <c># EOF</c>, of OpenMetrics; copied.</param>
    /// <param name="samples">Its samples, or null.</param>
    /// <param name="error">The line and the reason.</param>
    /// <returns>Whether the body is well formed.</returns>
    public static bool TryParse(
        ReadOnlySpan<byte> body, [NotNullWhen(true)] out IReadOnlyList<MetricSample>? samples, out FormatError error) =>
        TryParse(body, null, null, out samples, out error);

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out IReadOnlyList{MetricSample}?, out FormatError)"/>
    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, string?, ExpositionReadOptions?)" path="/param"/>
    public static bool TryParse(
        ReadOnlySpan<byte> body, string? contentType, ExpositionReadOptions? options,
        [NotNullWhen(true)] out IReadOnlyList<MetricSample>? samples, out FormatError error)
    {
        options ??= ExpositionReadOptions.Default;
        var set = new FamilySet();
        ScrapeFormat format = FormatOf(body, contentType);
        byte[] copy = body.ToArray();
        bool read = format switch
        {
            ScrapeFormat.OpenMetrics => OpenMetricsFormat.TryRead(copy, options.Names, set, out error),
            ScrapeFormat.ProtobufDelimited => ProtobufFormat.TryRead(copy, set, out error),
            _ => TextFormat.TryRead(copy, options.Text, set, out error),
        };
        samples = read ? new SampleList(set, format).Read() : null;
        return read;
    }

    private static ScrapeFormat FormatOf(ReadOnlySpan<byte> body, string? contentType)
    {
        if (contentType is null)
        {
            ReadOnlySpan<byte> text = body.EndsWith("\n"u8) ? body[..^1] : body;
            return text.EndsWith("\n# EOF"u8) || text.SequenceEqual("# EOF"u8) ? ScrapeFormat.OpenMetrics : ScrapeFormat.Text;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(contentType);
        return PushContentType.IsDelimitedProtobuf(bytes) ? ScrapeFormat.ProtobufDelimited
            : PushContentType.IsOpenMetrics(bytes) ? ScrapeFormat.OpenMetrics
            : ScrapeFormat.Text;
    }
}
