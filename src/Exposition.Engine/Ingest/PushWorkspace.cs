using System.Collections.Concurrent;
using Exposition.Engine.Memory;
using Exposition.Formats;

namespace Exposition.Engine.Ingest;

// Large bodies have their own pool; otherwise every pooled workspace would grow to the largest body seen. How many large bodies are read at
// once is up to the caller.
//
// What a body of tens of megabytes needs is kept for the next one only if that comes at once.

/// <summary>
/// The scratch memory that one push needs: the decoded families and the buffers to sort and render them. Rented for the time of a push.
/// </summary>
internal sealed class PushWorkspace
{
    /// <summary>Up to here a rough estimate of what a body becomes is good enough to make room.</summary>
    public const int SmallRendering = 1 << 20;

    private const int LargeBody = 128 << 10;

    // A body that may need more than is kept.
    private const int HugeBody = 2 << 20;

    // More is not kept.
    private const long HugeCapacity = 32 << 20;

    private static readonly int s_kept = Environment.ProcessorCount * 2;
    private static readonly ConcurrentBag<PushWorkspace> s_small = [];
    private static readonly ConcurrentBag<PushWorkspace> s_large = [];
    private static readonly LastLarge<PushWorkspace> s_huge = new();
    private static int s_mostTaken;
    private static int s_taken;
    private static long s_letGo;

    private bool _isLarge;

    public FamilySet Families { get; } = new();

    public BlockWriter Text { get; } = new();

    public BlockWriter Sidecar { get; } = new();

    public LabelMerge Labels { get; } = new();

    public SeriesOrder Series { get; } = new();

    public List<int> Order { get; } = [];

    private long Capacity => Text.Capacity + Sidecar.Capacity + Families.CapacityBytes;

    /// <summary>A workspace.</summary>
    /// <param name="bodyBytes">About how much will be read.</param>
    public static PushWorkspace Rent(int bodyBytes = 0)
    {
        bool isLarge = bodyBytes >= LargeBody;
        if (isLarge)
        {
            int taken = Interlocked.Increment(ref s_taken);
            if (taken > Volatile.Read(ref s_mostTaken))
            {
                Volatile.Write(ref s_mostTaken, taken);
            }

            if (bodyBytes >= HugeBody && s_huge.TryTake() is { } huge)
            {
                return huge;
            }
        }

        // A body of few megabytes of which much became needs as much again.
        return (isLarge ? s_large : s_small).TryTake(out PushWorkspace? workspace) ? workspace
            : (isLarge ? s_huge.TryTake() : null) ?? new PushWorkspace { _isLarge = isLarge };
    }

    public static void Return(PushWorkspace workspace)
    {
        ConcurrentBag<PushWorkspace> pool = workspace._isLarge ? s_large : s_small;
        if (workspace._isLarge)
        {
            Interlocked.Decrement(ref s_taken);
        }

        long capacity = workspace.Capacity;
        if (workspace._isLarge && capacity > HugeCapacity)
        {
            Interlocked.Add(ref s_letGo, capacity);
            workspace.Families.ForgetSource();
            s_huge.Put(workspace, 0, capacity);
            return;
        }

        if (pool.Count >= s_kept)
        {
            Interlocked.Add(ref s_letGo, capacity);
            return;
        }

        workspace.Families.Reset();
        workspace.Text.Clear();
        workspace.Sidecar.Clear();
        workspace.Order.Clear();
        Interlocked.Add(ref s_letGo, capacity - workspace.Capacity);
        pool.Add(workspace);
    }

    /// <summary>Lets go of those for large bodies that were not needed at once since the last call.</summary>
    /// <returns>About how many bytes that is, with what pushes have let go of since.</returns>
    public static long Trim()
    {
        s_huge.Trim();
        long trimmed = Interlocked.Exchange(ref s_letGo, 0);
        int most = Interlocked.Exchange(ref s_mostTaken, Volatile.Read(ref s_taken));
        while (s_large.Count + Volatile.Read(ref s_taken) > most && s_large.TryTake(out PushWorkspace? workspace))
        {
            trimmed += workspace.Capacity;
        }

        return trimmed;
    }
}
