using Exposition.Engine;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Machine;
using Exposition.Kestrel.Bodies;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

// The garbage collector runs generation 2 only after the heap has grown by a multiple of its live size, and does not return committed
// memory to the operating system. After a peak (groups created and deleted, series that change) nothing is allocated any more, so it does
// not run, and hundreds of megabytes of garbage stay resident. Its figures are those of the last collection, from before the deletes.
// Hence:
//   while large blocks are allocated   a background collection for each eighth of the heap: milliseconds, as blocks hold no references
//   every four seconds                 spare memory that was not used since the last time is released, and released bytes are counted
//   when many bytes were released,     one background collection. Its figures are fresh, and decide on a compacting collection that
//   and no more are                    returns memory to the system: if that is much, and the estimated pause is short. The pause depends
//                                      on the live size, so large stores are not compacted
//   when the releases do not end       the same every 32 s; but then more than twice the live size must be free, as pushes would
//                                      otherwise allocate it again at once

/// <summary>Starts collections when the store has left garbage, and returns unused memory to the operating system.</summary>
internal sealed class MemoryKeeper : IDisposable
{
    private const long Mebibyte = 1 << 20;
    private const long LeastBytes = 32 * Mebibyte;
    private const long QuietBytes = LeastBytes / 4;
    private const int ShareOfHeap = 8;
    private const int LooksPerTrim = 8;
    private const int MostBusyTrims = 8;
    private const int RestAfterError = 20;

    // What was needed before one trim goes with the next but one.
    private const int QuietTrims = 2;

    // Of a compaction, as measured: for what lives, and for the objects of a group.
    private const double StopPerMebibyte = 0.2;
    private const double StopPerGroup = 0.00075;

    // The longest stop, and the longest one for at least half of the process, in milliseconds.
    private const double LongestStop = 100;
    private const double LongestStopForMost = 300;
    private static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(500);

    private readonly MetricStore _store;
    private readonly IHeap _heap;
    private readonly ILogger _logger;
    private readonly Timer? _timer;
    private int _looking;
    private int _resting;
    private int _looks;
    private long _large;
    private long _largeCollected;
    private long _due;
    private int _quietTrims;
    private int _busyTrims;
    private bool _asked;
    private bool _isBusy;

    public MemoryKeeper(MetricStore store, ILogger logger)
        : this(store, new GcHeap(), logger) =>
        _timer = new Timer(static keeper => ((MemoryKeeper)keeper!).Look(), this, s_every, s_every);

    internal MemoryKeeper(MetricStore store, IHeap heap, ILogger logger) => (_store, _heap, _logger) = (store, heap, logger);

    public void Dispose() => _timer?.Dispose();

    /// <summary>Does what there is to do now. The timer calls it, from several threads where one takes long.</summary>
    internal void Look()
    {
        if (Interlocked.Exchange(ref _looking, 1) != 0)
        {
            return;
        }

        try
        {
            if (_resting > 0)
            {
                _resting--;
                return;
            }

            CollectLargeBlocks();
            if (_asked && _heap.IsCollected)
            {
                _asked = false;
                GiveBack();
            }

            if (++_looks % LooksPerTrim == 0)
            {
                Trim();
            }
        }
        catch (Exception e)
        {
            // Memory that has run out above all. It would end the process, or, tried again at once, fill the log.
            _logger.MemoryNotGivenBack(e.Message);
            _resting = RestAfterError;
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }

    private void CollectLargeBlocks()
    {
        long bytes = _store.LargeBlockBytes;
        if (bytes - _largeCollected > Math.Max(LeastBytes, _heap.Size / ShareOfHeap))
        {
            _heap.Collect();
            _largeCollected = bytes;
        }
    }

    private void Trim()
    {
        // Blocks that were allocated took the place of others.
        long large = _store.LargeBlockBytes;
        long letGo = _store.TrimSpareMemory() + BodyMemory.Trim() + large - _large;
        _large = large;
        _due += letGo;
        if (_asked || _due < Math.Max(LeastBytes, _heap.Size / ShareOfHeap))
        {
            return;
        }

        _isBusy = letGo >= QuietBytes;
        (_quietTrims, _busyTrims) = _isBusy ? (0, _busyTrims + 1) : (_quietTrims + 1, _busyTrims);
        if (_quietTrims >= QuietTrims || _busyTrims >= MostBusyTrims)
        {
            _heap.Collect();
            (_due, _quietTrims, _busyTrims, _asked) = (0, 0, 0, true);
        }
    }

    private void GiveBack()
    {
        (long live, long held) = _heap.Figures;
        long rest = held - live;
        double stop = (live / Mebibyte * StopPerMebibyte) + (_store.GroupCount * StopPerGroup);
        double longest = rest > live ? LongestStopForMost : LongestStop;
        if (rest > Math.Max(LeastBytes, _isBusy ? 2 * live : live / ShareOfHeap) && stop <= longest)
        {
            _heap.Compact();
            _logger.MemoryGivenBack((held - _heap.Figures.Held) / Mebibyte, _heap.Figures.Held / Mebibyte);
        }
    }
}
