using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Exposition.Engine;
using Exposition.Kestrel.Raw;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Exposition.Kestrel.Tests;

/// <summary>
/// A connection in memory with the raw door at its end. Schedulers are inline, so a write returns when the door waits for more.
/// </summary>
internal sealed class RawHarness : IConnectionHeartbeatFeature, IConnectionLifetimeNotificationFeature, IDuplexPipe, IDisposable
{
    private readonly Pipe _toServer;
    private readonly Pipe _toClient;
    private readonly CancellationTokenSource _shutdown = new();
    private readonly List<(Action<object> Action, object State)> _heartbeats = [];
    private readonly StringBuilder _received = new();

    public RawHarness(ExpositionOptions? options = null, FakeTarget? target = null, int segment = 4096, long pause = 0,
        IRequestGate? gate = null, MetricStore? store = null, MemoryPool<byte>? pool = null, System.Net.EndPoint? peer = null)
    {
        Options = options ?? new ExpositionOptions();
        Options.Time = Time;
        Target = target ?? new FakeTarget();
        Engine = store is null ? new ExpositionEngine(Target, Options) : new ExpositionEngine(store, Options);
        _toServer = new Pipe(new PipeOptions(pool, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: 0, minimumSegmentSize: segment, useSynchronizationContext: false));
        _toClient = new Pipe(new PipeOptions(pool, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: pause, resumeWriterThreshold: pause / 2, useSynchronizationContext: false));
        Connection = new DefaultConnectionContext("test", this, new Peer(_toClient.Reader, _toServer.Writer));
        Connection.RemoteEndPoint = peer;
        Connection.Features.Set<IConnectionHeartbeatFeature>(this);
        Connection.Features.Set<IConnectionLifetimeNotificationFeature>(this);
        Run = new RawConnectionMiddleware(Engine, gate, rules: null, NextAsync).OnConnectionAsync(Connection);
    }

    public StoppedTime Time { get; } = new();

    public ExpositionOptions Options { get; }

    public FakeTarget Target { get; }

    public ExpositionEngine Engine { get; }

    public DefaultConnectionContext Connection { get; }

    /// <summary>Ends when the middleware returns.</summary>
    public Task Run { get; }

    /// <summary>What the next middleware found unread, or null if it was not called.</summary>
    public string? HandedOn { get; private set; }

    /// <summary>Whether the first read of the next middleware was a cancelled one.</summary>
    public bool StrayCancellation { get; private set; }

    /// <summary>What the server has sent at the moment of the hand-off.</summary>
    public string? SentBeforeHandOff { get; private set; }

    public PipeReader Input => _toServer.Reader;

    public PipeWriter Output => _toClient.Writer;

    CancellationToken IConnectionLifetimeNotificationFeature.ConnectionClosedRequested
    {
        get => _shutdown.Token;
        set => throw new NotSupportedException();
    }

    public void OnHeartbeat(Action<object> action, object state) => _heartbeats.Add((action, state));

    public void Dispose() => _shutdown.Dispose();

    public void RequestClose() => _shutdown.Cancel();

    public void Shutdown() => _shutdown.Cancel();

    /// <summary>Moves the clock and lets the heart beat.</summary>
    public void Beat(TimeSpan by)
    {
        Time.Advance(by);
        foreach ((Action<object> action, object state) in _heartbeats)
        {
            action(state);
        }
    }

    public void Send(string text) => Send(Encoding.Latin1.GetBytes(text));

    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            _toServer.Writer.Write(bytes);
            Finish(_toServer.Writer.FlushAsync());
        }
    }

    /// <summary>Ends the client's side.</summary>
    public void End() => _toServer.Writer.Complete();

    /// <summary>Makes reading fail like a reset connection.</summary>
    public void Reset() => _toServer.Writer.Complete(new ConnectionResetException("reset"));

    /// <summary>All that the server has sent so far, Date lines left out.</summary>
    public string Received()
    {
        while (_toClient.Reader.TryRead(out ReadResult result))
        {
            _received.Append(Encoding.Latin1.GetString(result.Buffer));
            bool done = result.IsCompleted || result.Buffer.IsEmpty;
            _toClient.Reader.AdvanceTo(result.Buffer.End);
            if (done)
            {
                break;
            }
        }

        return _received.ToString().Replace("Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n", "", StringComparison.Ordinal);
    }

    /// <summary>Sends all, in pieces, ends the input and returns what was answered.</summary>
    public async Task<string> ExchangeAsync(string request, params int[] cuts)
    {
        int from = 0;
        foreach (int cut in cuts)
        {
            Send(request[from..cut]);
            from = cut;
        }

        Send(request[from..]);
        End();
        await Run.WaitAsync(TimeSpan.FromSeconds(60));
        return Received();
    }

    private static void Finish(ValueTask<FlushResult> flush) => Assert.True(flush.IsCompleted);

    private async Task NextAsync(ConnectionContext connection)
    {
        SentBeforeHandOff = Received();
        ReadResult result = await Input.ReadAsync();
        StrayCancellation = result.IsCanceled;
        HandedOn = Encoding.Latin1.GetString(result.Buffer);
        Input.AdvanceTo(result.Buffer.End);
    }

    private sealed record Peer(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
