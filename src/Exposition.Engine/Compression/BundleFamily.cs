using Exposition.Engine.Scraping;

namespace Exposition.Engine.Compression;

/// <summary>Where a run is found: its stretch, and its index in that.</summary>
internal readonly record struct RunPlace(int Stretch, int Run);

/// <summary>A family of a compressed scrape; its parts are the runs of the stretches.</summary>
internal sealed class BundleFamily : FamilyOfParts<BundleFamily, RunPlace>
{
    /// <summary>No entry of the host.</summary>
    public const int NoOwn = -1;

    /// <summary>The entry of those that are missing.</summary>
    public const int Missing = int.MaxValue;

    /// <summary>Index of the host's own entry.</summary>
    public int Own { get; private set; } = NoOwn;

    /// <summary>Bytes of all lines.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes in the host's own entry; only the first counts.</summary>
    public void AddOwn(int own, long bytes) => (Own, Bytes) = Own == NoOwn ? (own, bytes) : (Own, Bytes);

    /// <summary>Takes a run in, if it is alike.</summary>
    public void Add(in FamilyRun run, RunPlace place)
    {
        if (!IsUnlike(run.Head))
        {
            TakeHelp(run.Helpful);
            Add(place);
            Bytes += run.Bytes;
        }
    }

    public override void Reset()
    {
        base.Reset();
        (Own, Bytes) = (NoOwn, 0);
    }
}
