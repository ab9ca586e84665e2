using System.Collections.Concurrent;

namespace Exposition.Engine.Scraping;

/// <summary>
/// The work areas of a store's scrapes. A few are kept; the size of each is that of what is stored, about 30 bytes for each family of each
/// group. Safe for concurrent use.
/// </summary>
internal sealed class ScrapeWorkspaces
{
    private const int Kept = 2;
    private const long LeastTrimmed = 1 << 20;

    private readonly ConcurrentBag<ScrapeWorkspace> _pool = [];

    public ScrapeWorkspace Rent() => _pool.TryTake(out ScrapeWorkspace? workspace) ? workspace : new ScrapeWorkspace();

    public void Return(ScrapeWorkspace workspace)
    {
        workspace.Reset();
        if (_pool.Count < Kept)
        {
            _pool.Add(workspace);
        }
    }

    /// <summary>Lets go of those whose tables are larger than what they are tables of: they were made for more.</summary>
    /// <param name="stored">What the groups take.</param>
    /// <returns>About how many bytes that is.</returns>
    public long Trim(long stored)
    {
        long trimmed = 0;
        var kept = new List<ScrapeWorkspace>(Kept);
        while (_pool.TryTake(out ScrapeWorkspace? workspace))
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
        kept.ForEach(_pool.Add);
        return trimmed;
    }
}
