using System.Collections.Concurrent;

namespace Exposition.Persistence.Sqlite;

/// <summary>Gathers decoded rows into batches for the thread that takes them. For one thread.</summary>
internal sealed class RowBatches(BlockingCollection<List<DecodedRow>> into, CancellationToken cancellation)
{
    private const int MostRows = 256;
    private const int MostBytes = 1 << 20;

    private List<DecodedRow> _batch = [];
    private int _bytes;

    /// <summary>Adds a row; waits while the other thread is behind.</summary>
    public void Add(in DecodedRow row)
    {
        _batch.Add(row);
        _bytes += row.Bytes;
        if (_bytes >= MostBytes || _batch.Count == MostRows)
        {
            into.Add(_batch, cancellation);
            (_batch, _bytes) = ([], 0);
        }
    }

    /// <summary>Hands on what is left. No more will come.</summary>
    public void Complete()
    {
        try
        {
            into.Add(_batch, cancellation);
        }
        catch (OperationCanceledException)
        {
            // It is not wanted any more.
        }

        into.CompleteAdding();
    }
}
