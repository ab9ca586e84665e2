namespace Exposition.Engine.Scraping;

/// <summary>What a scrape works with, used again by the next.</summary>
internal sealed class ScrapeWorkspace
{
    private ProtobufPieces? _protobuf;
    private OpenMetricsPieces? _openMetrics;

    public ScrapeWorkspace() => Text = new TextPieces(Plan);

    public ScrapePlan Plan { get; } = new();

    public OwnFamilies Own { get; } = new();

    public TextPieces Text { get; }

    public ProtobufPieces Protobuf => _protobuf ??= new ProtobufPieces(Plan);

    public OpenMetricsPieces OpenMetrics => _openMetrics ??= new OpenMetricsPieces(Plan);

    /// <summary>Makes it ready for the next scrape.</summary>
    public void Reset()
    {
        Plan.Reset();
        Text.Reset();
        _protobuf?.Reset();
        _openMetrics?.Reset();
    }
}
