using System.Collections.Concurrent;

namespace Exposition.Engine.Scraping;

/// <summary>
/// What a scrape works with, used again by the next. A few are kept; their size is that of what is stored, about 30 bytes for each family
/// of each group.
/// </summary>
internal sealed class ScrapeWorkspace
{
    private const int Kept = 2;
    private const long LeastTrimmed = 1 << 20;

    private static readonly ConcurrentBag<ScrapeWorkspace> s_pool = [];

    private ProtobufPieces? _protobuf;
    private OpenMetricsPieces? _openMetrics;

    private ScrapeWorkspace() => Text = new TextPieces(Plan);

    public ScrapePlan Plan { get; } = new();

    public OwnFamilies Own { get; } = new();

    public TextPieces Text { get; }

    public ProtobufPieces Protobuf => _protobuf ??= new ProtobufPieces(Plan);

    public OpenMetricsPieces OpenMetrics => _openMetrics ??= new OpenMetricsPieces(Plan);

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

    /// <summary>Lets go of those whose tables are larger than what they are tables of: they were made for more.</summary>
    /// <param name="stored">What the groups take.</param>
    /// <returns>About how many bytes that is.</returns>
    public static long Trim(long stored)
    {
        long trimmed = 0;
        var kept = new List<ScrapeWorkspace>(Kept);
        while (s_pool.TryTake(out ScrapeWorkspace? workspace))
        {
            if (workspace.Plan.TableBytes is var bytes && bytes > Math.Max(stored, LeastTrimmed))
            {
                trimmed += bytes;
            }
            else
            {
                kept.Add(workspace);
            }
        }

        // Not before: the bag would give the same one once more.
        kept.ForEach(s_pool.Add);
        return trimmed;
    }
}
