using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.SelfMetrics;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Serving;

// Each reader holds a view of the store, and so memory of what has been replaced meanwhile: there is a number of seats of each kind. A
// reader that comes when all are taken is let in, and the slowest is ended for it. As that takes a moment, there may be a few more readers
// than seats; only beyond that a new one is refused.

/// <summary>All who read long answers: scrapes, the page, the API. Safe for concurrent use.</summary>
internal sealed class OpenReaders(WireMetrics metrics, ExpositionOptions options, Func<long> heldBytes, ClientLog log)
{
    private const int MostLeaving = 16;

    private readonly Lock _lock = new();
    private readonly List<Reader> _open = [];
    private int _count;

    public TimeProvider Time => options.Time;

    /// <summary>How many are in.</summary>
    public int Open => Volatile.Read(ref _count);

    /// <summary>What they hold of the store.</summary>
    public long HeldBytes => heldBytes();

    /// <summary>How many read this.</summary>
    public int Reading(Limit kind)
    {
        lock (_lock)
        {
            return Count(kind, ended: false) + Count(kind, ended: true);
        }
    }

    /// <summary>The least rate, in bytes per second; 0 for none.</summary>
    public int LeastRate => options.MinScrapeBytesPerSecond;

    /// <summary>Lets somebody in.</summary>
    /// <param name="kind">What he reads, by the limit on the number of such readers.</param>
    /// <param name="most">That limit; 0 for none.</param>
    /// <param name="timeout">How long he may take; zero for any time.</param>
    /// <returns>Null if too many of those whose seats were needed are still there.</returns>
    public Reader? TryEnter(Limit kind, int most, TimeSpan timeout)
    {
        var reader = new Reader(this, kind, timeout);
        Reader? slowest = null;
        lock (_lock)
        {
            int seated = most > 0 ? Count(kind, ended: false) : 0;
            if (most > 0 && seated >= most)
            {
                if (Count(kind, ended: true) >= MostLeaving)
                {
                    reader.MarkEnded();
                }
                else
                {
                    slowest = Slowest(kind);
                    slowest.MarkEnded();
                }
            }

            if (!reader.IsEnded)
            {
                _open.Add(reader);
                _count = _open.Count;
            }
        }

        if (reader.IsEnded)
        {
            // The caller knows which client it was, and logs it.
            metrics.CountRefusal(kind);
            return null;
        }

        if (slowest is not null)
        {
            Ended(slowest, kind, "reader ended for another: it was the slowest");
            slowest.Abort();
        }

        BoundHeldBytes();
        return reader;
    }

    /// <summary>To be called after a change of the store: ends the oldest reader if they hold too much of what has been replaced.</summary>
    public void BoundHeldBytes()
    {
        if (options.MaxHeldBytes > 0 && Open > 0 && heldBytes() > options.MaxHeldBytes)
        {
            EndOldest();
        }
    }

    internal void Leave(Reader reader)
    {
        metrics.Limits.See(Limit.ScrapeDuration, reader.Age.Ticks);
        lock (_lock)
        {
            _open.Remove(reader);
            _count = _open.Count;
        }
    }

    internal void TooSlow(Reader reader, Limit limit) => Ended(reader, limit, "reader ended: it was too slow");

    private void Ended(Reader reader, Limit limit, string message)
    {
        metrics.CountRefusal(limit);
        ClientLine? line = log.Begin(LogLevel.Warning, message, WireMetrics.NameOf(limit))?.Add("seconds", (long)reader.Age.TotalSeconds);
        if (line is not null && double.IsFinite(reader.Speed))
        {
            line.Add("bytes_per_second", (long)reader.Speed);
        }

        line?.Write();
    }

    private int Count(Limit kind, bool ended)
    {
        int count = 0;
        foreach (Reader reader in _open)
        {
            count += reader.Kind == kind && reader.IsEnded == ended ? 1 : 0;
        }

        return count;
    }

    // Of those that are equally fast, as all are at first, the one that has made the server wait for longest.
    private Reader Slowest(Limit kind) =>
        _open.Where(reader => reader.Kind == kind && !reader.IsEnded).MinBy(static reader => (reader.Speed, -reader.Waiting))!;

    // One at a time: its memory is free only when it has closed.
    private void EndOldest()
    {
        Reader oldest;
        lock (_lock)
        {
            if (_open.Count == 0 || _open.Exists(static reader => reader.IsEnded))
            {
                return;
            }

            oldest = _open[0];
            oldest.MarkEnded();
        }

        Ended(oldest, Limit.HeldBytes, "scrape ended: scrapes hold too much of what was replaced");
        oldest.Abort();
    }
}
