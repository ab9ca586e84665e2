using System.Collections.Concurrent;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Ingest;

// Large bodies have their own pool; otherwise every pooled workspace would grow to the largest body seen. How many large bodies are read at
// once is up to the caller.
//
// What a body of tens of megabytes needs is kept for the next one only if that comes at once.

/// <summary>The workspaces of one store's pushes. Safe for concurrent use.</summary>
/// <param name="reservesOverdue">Whether push_overdue is the store's.</param>
internal sealed class PushWorkspaces(bool reservesOverdue)
{
    private const int LargeBody = 128 << 10;

    // A body that may need more than is kept.
    private const int HugeBody = 2 << 20;

    // More is not kept.
    private const long HugeCapacity = 32 << 20;

    private static readonly int s_kept = Environment.ProcessorCount * 2;
    private readonly ConcurrentBag<PushWorkspace> _small = [];
    private readonly ConcurrentBag<PushWorkspace> _large = [];
    private readonly LastLarge<PushWorkspace> _huge = new();
    private int _mostTaken;
    private int _taken;
    private long _letGo;

    /// <summary>A workspace.</summary>
    /// <param name="bodyBytes">About how much will be read.</param>
    public PushWorkspace Rent(int bodyBytes = 0)
    {
        bool isLarge = bodyBytes >= LargeBody;
        if (isLarge)
        {
            int taken = Interlocked.Increment(ref _taken);
            if (taken > Volatile.Read(ref _mostTaken))
            {
                Volatile.Write(ref _mostTaken, taken);
            }

            if (bodyBytes >= HugeBody && _huge.TryTake() is { } huge)
            {
                return huge;
            }
        }

        // A body of few megabytes of which much became needs as much again.
        return (isLarge ? _large : _small).TryTake(out PushWorkspace? workspace) ? workspace
            : (isLarge ? _huge.TryTake() : null) ?? new PushWorkspace(isLarge, reservesOverdue);
    }

    /// <summary>Takes one back.</summary>
    public void Return(PushWorkspace workspace)
    {
        ConcurrentBag<PushWorkspace> pool = workspace.IsLarge ? _large : _small;
        if (workspace.IsLarge)
        {
            Interlocked.Decrement(ref _taken);
        }

        long capacity = workspace.Capacity;
        if (workspace.IsLarge && capacity > HugeCapacity)
        {
            Interlocked.Add(ref _letGo, capacity);
            workspace.Families.ForgetSource();
            _huge.Put(workspace, 0, capacity);
            return;
        }

        if (pool.Count >= s_kept)
        {
            Interlocked.Add(ref _letGo, capacity);
            return;
        }

        workspace.Reset();
        Interlocked.Add(ref _letGo, capacity - workspace.Capacity);
        pool.Add(workspace);
    }

    /// <summary>Lets go of those for large bodies that were not needed at once since the last call.</summary>
    /// <returns>About how many bytes that is, with what pushes have let go of since.</returns>
    public long Trim()
    {
        _huge.Trim();
        long trimmed = Interlocked.Exchange(ref _letGo, 0);
        int most = Interlocked.Exchange(ref _mostTaken, Volatile.Read(ref _taken));
        while (_large.Count + Volatile.Read(ref _taken) > most && _large.TryTake(out PushWorkspace? workspace))
        {
            trimmed += workspace.Capacity;
        }

        return trimmed;
    }
}
