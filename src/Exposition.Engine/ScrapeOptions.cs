using System.Text;
using Exposition.Formats;

namespace Exposition.Engine;

/// <summary>What a scrape is to be like. Immutable.</summary>
public sealed record ScrapeOptions
{
    internal static readonly ScrapeOptions Default = new();

    /// <summary>The language. Default: text 0.0.4.</summary>
    public ScrapeFormat Format { get; init; }

    /// <summary>What happens to names outside the legacy charset. Default: each such character becomes an underscore.</summary>
    public EscapingScheme Escaping { get; init; }

    /// <summary>Whether what is written is a gzip member. Default: false.</summary>
    public bool Gzip { get; init; }

    /// <summary>
    /// What is exposed beside the groups, and wins over pushed families of the same names: those with another type are left out. Default:
    /// none. Called before the first byte is written; what a source throws, and what is wrong with its families
    /// (<see cref="InvalidOperationException"/>), ends the scrape before anything is written.
    /// </summary>
    public IReadOnlyList<IMetricSource> Sources { get; init; } = [];

    /// <summary>
    /// Which groups are written. Default: null, which means all of them. Own sources are written with any; where several shards are scraped
    /// one of them alone should have sources.
    /// </summary>
    public GroupSelection? Selection { get; init; }

    /// <summary>What to send as <c>Content-Type</c>. With <see cref="Gzip"/> the <c>Content-Encoding</c> is <c>gzip</c>.</summary>
    public string ContentType => Encoding.ASCII.GetString(FormatNegotiator.ContentType(Format, Escaping));
}
