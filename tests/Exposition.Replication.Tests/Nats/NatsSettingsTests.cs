using Exposition.Replication.Nats;
using Exposition.Replication.Nats.Connecting;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Exposition.Replication.Tests.Nats;

/// <summary>An engine, a stream or options that cannot hold the log are refused with what is wrong, where, and what was expected.</summary>
public sealed class NatsSettingsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<string> UnusableAsync(int port, Action<NatsReplicationOptions>? change = null)
    {
        var options = NatsEngine.Options(port);
        change?.Invoke(options);
        await using var log = new NatsGroupLog(options);
        return (await Assert.ThrowsAsync<LogUnusableException>(async () => await log.OpenAsync(Stop))).Message;
    }

    private static async Task CreateAsync(NatsServer server, StreamConfig config)
    {
        await using var connection = new NatsConnection(NatsOpts.Default with { Url = server.Address.ToString() });
        await new NatsJSContext(connection).CreateStreamAsync(config, Stop);
    }

    [Fact]
    public async Task A_stream_that_would_lose_entries_is_refused_with_each_setting_that_is_wrong()
    {
        await using var server = await NatsServer.StartAsync();
        await CreateAsync(server, new StreamConfig("EXPOSITION", ["EXPOSITION.*"])
        {
            MaxMsgsPerSubject = 5,
            MaxAge = TimeSpan.FromHours(1),
            MaxMsgs = 1000,
            Storage = StreamConfigStorage.Memory,
            NumReplicas = 1,
        });
        var message = await UnusableAsync(server.Port);
        Assert.Equal(
            "stream EXPOSITION of the engine cannot hold the log: subjects is EXPOSITION.*, expected EXPOSITION.>; "
            + "max_msgs_per_subject is 5, expected 1; storage is Memory, expected file; max_msgs is 1000, expected -1; "
            + "max_age is 01:00:00, expected 0; allow_rollup_hdrs is False, expected true; allow_msg_ttl is False, expected true",
            message);
    }

    [Fact]
    public async Task A_stream_with_fewer_copies_than_asked_for_is_refused()
    {
        await using var server = await NatsServer.StartAsync();
        Assert.Contains("single one", await UnusableAsync(server.Port, static o => o.Replicas = 3), StringComparison.Ordinal);
        await using (var log = new NatsGroupLog(NatsEngine.Options(server.Port)))
        {
            await log.OpenAsync(Stop);
        }

        Assert.Contains(
            "num_replicas is 1, expected 3 or more", await UnusableAsync(server.Port, static o => o.Replicas = 3),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subjects_of_another_stream_are_not_taken()
    {
        await using var server = await NatsServer.StartAsync();
        await CreateAsync(server, new StreamConfig("OTHER", ["EXPOSITION.g.>"]));
        Assert.Contains("EXPOSITION.>", await UnusableAsync(server.Port), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_do_what_is_needed_is_refused()
    {
        await using var old = new FakeServer("2.11.9", jetStream: true);
        Assert.Equal(
            "server fake is of version 2.11.9; expected 2.12 or later, better 2.15", await UnusableAsync(old.Port));
        await using var plain = new FakeServer("2.15.1", jetStream: false);
        Assert.Contains("has no JetStream", await UnusableAsync(plain.Port), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_below_the_advised_version_is_warned_of_once()
    {
        await using var server = new FakeServer("2.14.3", jetStream: true);
        var lines = new CollectedLog();
        await using var log = new NatsGroupLog(NatsEngine.Options(server.Port), lines);
        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.OpenAsync(Stop));
        }

        var warning = Assert.Single(lines.Lines, static line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Contains("server=fake version=2.14.3 expected=2.15", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2.15.1", 2, 15)]
    [InlineData("v2.12.0-RC.3", 2, 12)]
    [InlineData("3.0", 3, 0)]
    public void The_version_is_that_before_its_second_dot(string text, int major, int minor) =>
        Assert.Equal(new Version(major, minor), EngineVersion.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("new")]
    [InlineData("2.x")]
    public void What_is_no_version_is_none(string? text) => Assert.Null(EngineVersion.Parse(text));

    public static TheoryData<string, Action<NatsReplicationOptions>> Nonsense => new()
    {
        { "Servers is empty: expected at least one nats://HOST:PORT", static o => o.Servers.Clear() },
        { "Servers has the scheme \"http\"", static o => o.Servers.Add(new Uri("http://h:1")) },
        { "Servers has a null", static o => o.Servers.Add(null!) },
        { "Servers has a relative address", static o => o.Servers.Add(new Uri("h", UriKind.Relative)) },
        { "Servers has credentials in the address of h", static o => o.Servers.Add(new Uri("nats://me:secret@h:1")) },
        { "Stream is \"a.b\"", static o => o.Stream = "a.b" },
        { "Stream is \"\"", static o => o.Stream = "" },
        { "Replicas is 2: expected 1, 3 or 5", static o => o.Replicas = 2 },
        { "RequestTimeout is 00:00:00: expected more than 0", static o => o.RequestTimeout = TimeSpan.Zero },
        { "CertificateFile is empty: expected CertificateFile and KeyFile together", static o => o.KeyFile = "k" },
        { "PasswordFile is empty: expected UserName and PasswordFile together", static o => o.UserName = "u" },
        { "NkeyFile is given beside TokenFile: expected one of them", static o => (o.TokenFile, o.NkeyFile) = ("t", "n") },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void Options_that_make_no_sense_are_refused(string message, Action<NatsReplicationOptions> change)
    {
        var options = NatsEngine.Options(4222);
        change(options);
        var thrown = Assert.Throws<ArgumentException>(() => new NatsGroupLog(options));
        Assert.StartsWith($"NatsReplicationOptions.{message}", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(": expected ", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_is_known_to_the_engine_by_the_name_of_its_node_and_leaves_nothing_behind()
    {
        await using var engine = await NatsEngine.StartAsync();
        await using var log = engine.Connect();
        await log.OpenAsync(Stop);
        await using var connection = new NatsConnection(NatsOpts.Default with { Url = engine.Server.Address.ToString() });
        var context = new NatsJSContext(connection);
        await using (var reading = new Contract.Reading(log))
        {
            await reading.UntilCaughtUpAsync();
            var name = Assert.Single(await context.ListConsumerNamesAsync("EXPOSITION", Stop).ToListAsync(Stop));
            Assert.StartsWith("test_node-", name, StringComparison.Ordinal);
        }

        Assert.Empty(await log.StampsAsync(Stop).ToListAsync(Stop));
        Assert.Empty(await context.ListConsumerNamesAsync("EXPOSITION", Stop).ToListAsync(Stop));
    }

    [Fact]
    public async Task A_message_that_no_node_has_written_is_passed_over_and_told()
    {
        await using var engine = await NatsEngine.StartAsync();
        var lines = new CollectedLog();
        await using var log = new NatsGroupLog(NatsEngine.Options(engine.Server.Port), lines);
        await log.OpenAsync(Stop);
        await using var connection = new NatsConnection(NatsOpts.Default with { Url = engine.Server.Address.ToString() });
        await new NatsJSContext(connection).PublishAsync("EXPOSITION.g.foreign", "by hand", cancellationToken: Stop);
        await log.AppendAsync(new LogEntry("g.own", new OperationId(Guid.NewGuid(), 1), 1, "own"u8.ToArray()), 0, null, Stop);

        await using var reading = new Contract.Reading(log);
        Assert.Equal("g.own", Assert.Single(await reading.UntilCaughtUpAsync()).Entry.Subject);
        Assert.Contains(lines.Lines, static line => line.Contains("subject=EXPOSITION.g.foreign revision=1", StringComparison.Ordinal));
    }
}
