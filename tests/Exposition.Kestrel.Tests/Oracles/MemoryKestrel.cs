using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Raw;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>A real Kestrel with the engine's endpoints, with or without the raw door, whose connections are pipes in memory.</summary>
internal sealed class MemoryKestrel : IConnectionListenerFactory, IConnectionListener
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Channel<ConnectionContext> _arriving = Channel.CreateUnbounded<ConnectionContext>();

    private MemoryKestrel(ExpositionEngine engine) => Engine = engine;

    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 1);

    public ExpositionEngine Engine { get; }

    /// <summary>Starts a server, with something between its connections and Kestrel's own HTTP. It lives as long as the process.</summary>
    public static MemoryKestrel Start(StoreTarget target, ExpositionOptions options, Action<ListenOptions>? door)
    {
        // As the program does.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        var kestrel = new MemoryKestrel(new ExpositionEngine(target, options));
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(kestrel.Engine);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.RequestHeaderEncodingSelector = HeaderEncoding.For;
            server.UseExpositionHeadLimits();
            server.Limits.MinRequestBodyDataRate = null;
            server.Listen(kestrel.EndPoint, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                door?.Invoke(listen);
            });
        });
        builder.Services.AddSingleton<IConnectionListenerFactory>(kestrel);
        WebApplication app = builder.Build();
        app.UseExpositionHeadLimits();
        app.UseExpositionPathRules();
        app.UseRouting();
        app.MapExposition();
        app.StartAsync().GetAwaiter().GetResult();
        return kestrel;
    }

    /// <summary>What a connection meets that the raw door hands on, without the raw door.</summary>
    public static void SecondDoor(ListenOptions listen)
    {
        ExpositionEngine engine = listen.ApplicationServices.GetRequiredService<ExpositionEngine>();
        var services = new RawServices(engine, null, null);
        listen.Use(next => connection => next(new CheckedConnection(engine, services, connection)));
    }

    /// <summary>
    /// Sends bytes on a new connection, each piece when the server has looked at the one before, ends the input, and returns all that was
    /// answered.
    /// </summary>
    /// <exception cref="TimeoutException">The server did not come to an end.</exception>
    public async Task<string> ExchangeAsync(IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        // Above the threshold of one byte a flush waits until all was examined.
        var toServer = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
        var toClient = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: 0, useSynchronizationContext: false));
        var connection = new Connection(new Duplex(toServer.Reader, toClient.Writer));
        _arriving.Writer.TryWrite(connection);
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            if (!piece.IsEmpty && (await toServer.Writer.WriteAsync(piece).AsTask().WaitAsync(s_patience)).IsCompleted)
            {
                break;
            }
        }

        await toServer.Writer.CompleteAsync();
        await connection.Ended.WaitAsync(s_patience);
        var received = new StringBuilder();
        while (toClient.Reader.TryRead(out ReadResult result) && !result.Buffer.IsEmpty)
        {
            received.Append(Encoding.Latin1.GetString(result.Buffer));
            toClient.Reader.AdvanceTo(result.Buffer.End);
        }

        return received.ToString();
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return ValueTask.FromResult<IConnectionListener>(this);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _arriving.Reader.WaitToReadAsync(cancellationToken)
            && _arriving.Reader.TryRead(out ConnectionContext? connection) ? connection : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _arriving.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Connection : DefaultConnectionContext, IMemoryPoolFeature
    {
        private static readonly LargeBlockPool s_pool = new();

        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Connection(IDuplexPipe transport)
            : base("memory", transport, transport) => Features.Set<IMemoryPoolFeature>(this);

        public MemoryPool<byte> MemoryPool => s_pool;

        public Task Ended => _ended.Task;

        // Kestrel lets go by itself what it aborts; the pipes end when it disposes of the connection.
        public override void Abort(ConnectionAbortedException abortReason)
        {
        }

        public override async ValueTask DisposeAsync()
        {
            // As a socket would: nothing more is read, what was written is complete.
            await Transport.Input.CompleteAsync();
            await Transport.Output.CompleteAsync();
            await base.DisposeAsync();
            _ended.TrySetResult();
        }
    }
}
