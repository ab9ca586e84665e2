using System.Collections.Concurrent;
using Exposition.Store.Internal.Bundles;

namespace Exposition.Store.Internal;

/// <summary>What a scrape works with, used again by the next. A few are kept; their size is that of what is stored, about 30 bytes for each family of each group.</summary>
internal sealed class ScrapeWorkspace
{
    private const int Kept = 2;

    private static readonly ConcurrentBag<ScrapeWorkspace> s_pool = [];

    private ProtobufPieces? _protobuf;
    private OpenMetricsPieces? _openMetrics;
    private BundleCompressor? _compressor;

    private ScrapeWorkspace() => Text = new TextPieces(Plan);

    public ScrapePlan Plan { get; } = new();

    public OwnFamilies Own { get; } = new();

    public TextPieces Text { get; }

    public ProtobufPieces Protobuf => _protobuf ??= new ProtobufPieces(Plan);

    public OpenMetricsPieces OpenMetrics => _openMetrics ??= new OpenMetricsPieces(Plan);

    public BundleCompressor Compressor => _compressor ??= new BundleCompressor();

    public static ScrapeWorkspace Rent() => s_pool.TryTake(out ScrapeWorkspace? workspace) ? workspace : new ScrapeWorkspace();

    public static void Return(ScrapeWorkspace workspace)
    {
        workspace.Plan.Reset();
        workspace.Text.Reset();
        workspace._protobuf?.Reset();
        workspace._openMetrics?.Reset();
        if (s_pool.Count < Kept)
        {
            s_pool.Add(workspace);
        }
    }
}
