using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;

namespace Exposition.Kestrel.Raw;

/// <summary>A scrape of known length, written straight into the pipe.</summary>
internal sealed class PlainOutput(PipeWriter pipe, ConnectionContext connection, ConnectionWatch watch) : IScrapeOutput
{
    public void Allow(TimeSpan time) => watch.Enter(ConnectionPhase.Write, time);

    public void Abort(string reason) => connection.Abort(new ConnectionAbortedException(reason));

    public void Advance(int count) => pipe.Advance(count);

    public Memory<byte> GetMemory(int sizeHint = 0) => pipe.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => pipe.GetSpan(sizeHint);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> FlushAsync(CancellationToken cancellation)
    {
        FlushResult result = await pipe.FlushAsync(cancellation);
        return !result.IsCompleted && !result.IsCanceled;
    }
}

// A chunk is built in place: room for its size line is left at the start of the pipe's memory and filled in when the chunk is closed, so
// nothing is copied. Leading zeros in a size are legal.

/// <summary>A scrape of unknown length, written as chunks.</summary>
internal sealed class ChunkedOutput(PipeWriter pipe, ConnectionContext connection, ConnectionWatch watch) : IScrapeOutput
{
    private const int SizeDigits = 6;
    private const int Before = SizeDigits + 2;
    private const int After = 2;
    private const int ChunkBytes = 64 << 10;

    private Memory<byte> _chunk;
    private int _length;

    public void Allow(TimeSpan time) => watch.Enter(ConnectionPhase.Write, time);

    public void Abort(string reason) => connection.Abort(new ConnectionAbortedException(reason));

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _chunk.Length - Before - After - _length);
        _length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int wanted = Math.Max(1, sizeHint);
        if (_chunk.Length - Before - After - _length < wanted)
        {
            Close();
            _chunk = pipe.GetMemory(Math.Max(wanted, ChunkBytes) + Before + After);
            _chunk = _chunk[..Math.Min(_chunk.Length, (1 << (4 * SizeDigits)) - 1)];
        }

        return _chunk[(Before + _length)..^After];
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> FlushAsync(CancellationToken cancellation)
    {
        Close();
        FlushResult result = await pipe.FlushAsync(cancellation);
        return !result.IsCompleted && !result.IsCanceled;
    }

    public void Complete()
    {
        Close();
        pipe.Write("0\r\n\r\n"u8);
    }

    private void Close()
    {
        if (_length > 0)
        {
            Span<byte> span = _chunk.Span;
            Utf8Formatter.TryFormat(_length, span, out _, new StandardFormat('x', SizeDigits));
            "\r\n"u8.CopyTo(span[SizeDigits..]);
            "\r\n"u8.CopyTo(span[(Before + _length)..]);
            pipe.Advance(Before + _length + After);
        }

        _chunk = default;
        _length = 0;
    }
}
