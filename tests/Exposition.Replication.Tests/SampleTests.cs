using System.Xml.Linq;
using Exposition.Engine;
using Exposition.Replication.Nats;
using Exposition.Replication.Tests.Log;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Replication.Tests;

/// <summary>The code that the READMEs of both libraries show.</summary>
public sealed class SampleTests
{
    private const string Here = "tests/Exposition.Replication.Tests/SampleTests.cs";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_push_through_the_log()
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var output = new StringWriter();
        var log = new MemoryLog(new MemoryEngine(TimeProvider.System), TimeProvider.System);

        var store = new MetricStore(new StoreOptions());
        using var node = new Replicator(store, log, new ReplicationOptions());   // log: an IGroupLog, such as NatsGroupLog
        Task run = node.RunAsync(end.Token);
        while (!node.TakesChanges)
        {
            await Task.Delay(100, end.Token);   // until all that the log has is here
        }

        GroupingKey key = GroupingKey.Create(("job", "nightly_backup"), ("instance", "db1"));
        ReplicatedPush push = await node.PushAsync(key, PushFormat.Text, "backup_rows 3.14\n"u8.ToArray(), PushMode.Replace);
        output.WriteLine(push.State == ReplicatedState.Applied ? $"{store.GetValue("backup_rows{instance=\"db1\"}")} rows" : push.Reason);

        Assert.Equal("3.14 rows" + output.NewLine, output.ToString());
        await end.CancelAsync();
        await run.WaitAsync(s_patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_log_in_nats()
    {
        await using var nats = await NatsServer.StartAsync();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var output = new LiveLines(end);
        (Uri server, NullLoggerFactory loggers) = (nats.Address, NullLoggerFactory.Instance);
        var store = new MetricStore(new StoreOptions());

        await RunAsync().WaitAsync(s_patience, TestContext.Current.CancellationToken);

        Assert.Contains(output.Lines, static line => line.StartsWith("Live: ", StringComparison.Ordinal));

        async Task RunAsync()
        {
            var options = new NatsReplicationOptions { Servers = { server }, Replicas = 1, Node = "gateway-a" };   // in a cluster 3
            await using var log = new NatsGroupLog(options, loggers);
            using var node = new Replicator(store, log, new ReplicationOptions
            {
                Address = "gateway-a:9091",
                Notify = (notice, text) => output.WriteLine($"{notice}: {text}"),
            });
            await node.RunAsync(end.Token);   // makes the stream, or says what is wrong with it; ends when it is cancelled
        }
    }

    [Theory]
    [InlineData("src/Exposition.Replication/README.md")]
    [InlineData("src/Exposition.Replication.Nats/README.md")]
    public void The_readme_shows_what_is_compiled_here(string readme) =>
        ReadmeSamples.AreIn(Here, readme);

    [Theory]
    [InlineData("Exposition.Replication")]
    [InlineData("Exposition.Replication.Nats")]
    public void The_sample_in_the_xml_documentation_is_compiled_here(string library) => Assert.True(ReadmeSamples.Contains(
        Here, XDocument.Load(Path.Combine(AppContext.BaseDirectory, library + ".xml")).Descendants("code").Single().Value));

    // What an operator is told; that the node is live ends it.
    private sealed class LiveLines(CancellationTokenSource end)
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Lines { get; } = [];

        public void WriteLine(string line)
        {
            Lines.Enqueue(line);
            if (line.StartsWith("Live: ", StringComparison.Ordinal))
            {
                _ = end.CancelAsync();
            }
        }
    }
}
