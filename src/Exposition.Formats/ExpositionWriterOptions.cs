namespace Exposition.Formats;

/// <summary>How an <see cref="ExpositionWriter"/> writes. The default is text 0.0.4 with underscores for what is no name there.</summary>
/// <param name="Format">The format; what <see cref="FormatNegotiator"/> chooses for a scrape can be given as it is. Default: text
/// 0.0.4.</param>
/// <param name="Escaping">What to do with names outside <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c>. Default: underscores.</param>
/// <param name="SkipValidation">
/// Whether to write what comes without looking at names, label names, bounds, counts and units. That saves about a fifth of the time; a
/// mistake of the caller is then found by whoever scrapes. Default: false.
/// </param>
public readonly record struct ExpositionWriterOptions(
    ScrapeFormat Format = ScrapeFormat.Text, EscapingScheme Escaping = EscapingScheme.Underscores, bool SkipValidation = false)
{
    /// <summary>Makes options from what was negotiated for a scrape.</summary>
    /// <param name="negotiated">Format and escaping.</param>
    public ExpositionWriterOptions(ScrapeNegotiation negotiated)
        : this(negotiated.Format, negotiated.Escaping)
    {
    }
}
