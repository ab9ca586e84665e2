using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Exposition.Engine;
using Exposition.Gateway.Listening;
using Exposition.Gateway.Web;
using Exposition.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Gateway.Tests;

/// <summary>Whatever a loop of the program runs into, it says so and goes on.</summary>
public sealed class LoopTests
{
    [Fact]
    public async Task The_web_configuration_is_followed_on()
    {
        string directory = Directory.CreateTempSubdirectory("exposition-loop").FullName;
        string path = Path.Combine(directory, "web.yml");
        string[] texts = [.. Enumerable.Range(1, 3).Select(static burst => $"rate_limit:\n  interval: 1s\n  burst: {burst}\n")];
        var logger = new Lines { Fails = "web configuration reloaded" };
        try
        {
            await File.WriteAllTextAsync(path, texts[0], TestContext.Current.CancellationToken);
            await using var file = WebConfigFile.Open(path, 16, logger);
            file.Follow();
            await File.WriteAllTextAsync(path, texts[1], TestContext.Current.CancellationToken);
            await UntilAsync(
                () => logger.Written.Any(static line => line.Contains("InsufficientMemoryException: no memory", StringComparison.Ordinal)));
            await File.WriteAllTextAsync(path, texts[2], TestContext.Current.CancellationToken);
            await UntilAsync(() => file.State.Bucket!.Limit.Burst == 3);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_web_configuration_may_start_with_a_byte_order_mark()
    {
        string path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(
                path, [0xEF, 0xBB, 0xBF, .. "rate_limit:\n  interval: 1s\n  burst: 2\n"u8], TestContext.Current.CancellationToken);
            await using var file = WebConfigFile.Open(path, 16, NullLogger.Instance);
            Assert.Equal(2, file.State.Bucket!.Limit.Burst);
        }
        finally
        {
            File.Delete(path);
        }
    }

    // The server takes an exception, or the end, for the end of all accepting.
    [Fact]
    public async Task Accepting_is_tried_again_until_the_end()
    {
        var logger = new Lines();
        var engine = new ExpositionEngine(new MetricStore(new StoreOptions()), new ExpositionOptions(), logger: logger);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        using var connections = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), NullLogger.Instance);
        await using var listener = new PatientListener(socket, connections, noDelay: true, engine);

        // As much of a surprise as any other.
        socket.Dispose();
        Task accepting = listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask();
        await UntilAsync(() => logger.Written.Count(
            static line => line.Contains("cannot accept connections, trying again", StringComparison.Ordinal)) > 1);
        Assert.False(accepting.IsCompleted);
        await listener.UnbindAsync(TestContext.Current.CancellationToken);
        await accepting;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (int i = 0; !holds(); i++)
        {
            Assert.True(i < 6000, "it did not come true within a minute");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private sealed class Lines : ILogger<ExpositionEngine>
    {
        private int _failures;

        /// <summary>A line that cannot be written the first time.</summary>
        public string? Fails { get; init; }

        public ConcurrentQueue<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string line = formatter(state, exception) + ' ' + string.Join(' ', state as IEnumerable<KeyValuePair<string, object?>> ?? []);
            if (Fails is not null && line.Contains(Fails, StringComparison.Ordinal) && Interlocked.Increment(ref _failures) == 1)
            {
                throw new InsufficientMemoryException("no memory");
            }

            Written.Enqueue(line);
        }
    }
}
