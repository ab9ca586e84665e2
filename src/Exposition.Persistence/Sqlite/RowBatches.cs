using System.Collections.Concurrent;

namespace Exposition.Persistence.Sqlite;

/// <summary>Hands decoded rows in batches from the thread that reads to the thread that takes them, and the emptied batches back.</summary>
internal sealed class RowBatches : IDisposable
{
    private const int MostRows = 256;
    private const int MostBytes = 1 << 20;

    // What the reading of rows is ahead of their taking, at most.
    private const int BatchesAhead = 4;

    private readonly BlockingCollection<List<DecodedRow>> _full = new(BatchesAhead);
    private readonly ConcurrentQueue<List<DecodedRow>> _empty = [];
    private readonly CancellationTokenSource _stop = new();
    private List<DecodedRow> _batch = new(MostRows);
    private int _bytes;

    /// <summary>Adds a row; waits while the other thread is behind.</summary>
    /// <exception cref="OperationCanceledException">No more is wanted.</exception>
    public void Add(in DecodedRow row)
    {
        _batch.Add(row);
        _bytes += row.Bytes;
        if (_bytes >= MostBytes || _batch.Count == MostRows)
        {
            _full.Add(_batch, _stop.Token);
            _batch = _empty.TryDequeue(out List<DecodedRow>? empty) ? empty : new List<DecodedRow>(MostRows);
            _bytes = 0;
        }
    }

    /// <summary>Hands on what is left. No more will come.</summary>
    public void Complete()
    {
        try
        {
            _full.Add(_batch, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // It is not wanted any more.
        }

        _full.CompleteAdding();
    }

    /// <summary>All rows, as they come. For the thread that takes them.</summary>
    public IEnumerable<DecodedRow> TakeAll()
    {
        foreach (List<DecodedRow> batch in _full.GetConsumingEnumerable(CancellationToken.None))
        {
            foreach (DecodedRow row in batch)
            {
                yield return row;
            }

            batch.Clear();
            _empty.Enqueue(batch);
        }
    }

    /// <summary>No more is wanted.</summary>
    public void Stop() => _stop.Cancel();

    public void Dispose()
    {
        _full.Dispose();
        _stop.Dispose();
    }
}
