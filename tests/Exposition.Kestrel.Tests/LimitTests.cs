using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Tests;

public class LimitTests
{
    private const string Push = "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: ";

    [Theory]
    [InlineData("PUT /metrics/job/{200} HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("GET /{5000}")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX: {1000}\r\n\r\n")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX: {5000}")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n\r\n")]
    public async Task HeadsThatAreTooLongAreHandedOnUnread(string request)
    {
        int from = request.IndexOf('{', StringComparison.Ordinal);
        if (from > 0)
        {
            int to = request.IndexOf('}', StringComparison.Ordinal);
            request = request[..from] + new string(
                'x', int.Parse(request[(from + 1)..to], System.Globalization.CultureInfo.InvariantCulture)) + request[(to + 1)..];
        }

        foreach (int step in (int[])[1 << 20, 64])
        {
            var raw = new RawHarness(new ExpositionOptions { MaxHeadBytes = 1000, MaxTargetBytes = 200, MaxHeaders = 4 }, segment: 128);
            Assert.Equal("", await raw.ExchangeAsync(request, [.. Enumerable.Range(1, (request.Length - 1) / step).Select(i => i * step)]));
            Assert.StartsWith(raw.HandedOn!, request, StringComparison.Ordinal);
            Assert.NotEqual("", raw.HandedOn);
        }
    }

    [Fact]
    public async Task ABodyThatIsTooLongIsToldAndCounted()
    {
        var raw = new RawHarness(new ExpositionOptions { MaxBodyBytes = 100 });
        string answer = await raw.ExchangeAsync(Push + "101\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nrequest body too large: more than 100 bytes\n", answer, StringComparison.Ordinal);
        Assert.Null(raw.HandedOn);
        Assert.Equal(1, Refused(raw.Engine, "body-bytes"));
    }

    [Fact]
    public async Task NoLimitIsZero()
    {
        var raw = new RawHarness(new ExpositionOptions
        {
            MaxTargetBytes = 0,
            MaxBodyBytes = 0,
            MaxDecodedBytes = 0,
            MaxScrapes = 0,
            MaxInflightBytes = 0,
            HeadTimeout = TimeSpan.Zero,
            BodyTimeout = TimeSpan.Zero,
            IdleTimeout = TimeSpan.Zero
        });
        raw.Send("PUT /metrics/job/" + new string('x', 40_000) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n");
        raw.Beat(TimeSpan.FromDays(400));
        raw.Send("\r\n" + new string('#', 100_000));
        raw.Beat(TimeSpan.FromDays(400));
        raw.Send(new string('#', 100_000));
        raw.Beat(TimeSpan.FromDays(400));
        Assert.StartsWith(
            "HTTP/1.1 200 OK\r\n", await raw.ExchangeAsync("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"), StringComparison.Ordinal);
        Assert.Single(raw.Target.Calls, static call => call.StartsWith("Scrape", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ABodyThatWasQuickOnceMayNotTrickle()
    {
        var raw = new RawHarness();
        raw.Send(Push + "2000000\r\n\r\n" + new string('#', 1_000_000));
        for (int i = 0; i < 9; i++)
        {
            raw.Beat(TimeSpan.FromSeconds(3));
            raw.Send("#");
        }

        Assert.Equal("", raw.Received());
        raw.Beat(TimeSpan.FromSeconds(4));
        Assert.StartsWith("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n", raw.Received(), StringComparison.Ordinal);
        Assert.Equal((1, 0), (Refused(raw.Engine, "body-rate"), Refused(raw.Engine, "body-timeout")));
        raw.End();
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task ABodyThatKeepsTheLeastRateIsTakenHoweverLongItTakes()
    {
        var raw = new RawHarness();
        raw.Send(Push + "200001\r\n\r\n#");
        for (int i = 0; i < 200; i++)
        {
            raw.Beat(TimeSpan.FromSeconds(1));
            raw.Send(new string('#', 1000));
        }

        raw.End();
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", raw.Received(), StringComparison.Ordinal);
    }

    /// <summary>Else a thousand clients that send one byte each could take the memory of all bodies.</summary>
    [Theory]
    [InlineData(1, 64 << 20, 64 << 10)]
    [InlineData(1, 1000, 4096)]
    [InlineData(4096, 64 << 20, 64 << 10)]
    [InlineData(100_000, 260 << 10, 264 << 10)]
    [InlineData(128 << 10, 64 << 20, 1 << 20)]
    [InlineData(2 << 20, 4 << 20, 2 << 20)]
    public void WhatIsAnnouncedReservesLittle(int came, int announced, long reserved)
    {
        var budget = new InflightBytes(0, TimeProvider.System);
        using var body = new PooledBody(new BodyClaim(budget));
        body.Expect(announced);
        Assert.Equal(0, budget.Used);
        Assert.True(body.TryReserve(came));
        Assert.Equal(reserved, budget.Used);
    }

    [Fact]
    public void JobsHaveTheirRatesAndAreForgotten()
    {
        var time = new StoppedTime();
        var rate = new JobRate(10, time);
        GroupingKey a = GroupingKey.Create(("job", "a")), a2 = GroupingKey.Create(("job", "a"), ("x", "1")),
            b = GroupingKey.Create(("job", "b"));
        Assert.Equal(10, Enumerable.Range(0, 30).Count(i => rate.TryTake(i % 2 == 0 ? a : a2)));
        Assert.True(rate.TryTake(b));
        time.Advance(TimeSpan.FromMilliseconds(350));
        Assert.Equal(3, Enumerable.Range(0, 30).Count(_ => rate.TryTake(a)));
        for (int i = 0; i < 100_000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(rate.TryTake(GroupingKey.Create(("job", "j" + i))));
        }

        Assert.InRange(rate.Count, 1, 2048);
    }

    [Fact]
    public void PushesTogetherAreTakenAllOrNone()
    {
        var time = new StoppedTime();
        var rate = new JobRate(10, time);
        GroupingKey a = GroupingKey.Create(("job", "a")), b = GroupingKey.Create(("job", "b"));
        Assert.True(rate.TryTake(Many(a, 6)));
        Assert.False(rate.TryTake([.. Many(a, 5), b]));
        Assert.True(rate.TryTake([.. Many(a, 4), .. Many(b, 10)]));
        Assert.False(rate.TryTake(b));

        // More than there may be in a second are taken of a job that has been silent, and wait for themselves afterwards.
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(rate.TryTake(Many(a, 25)));
        time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.False(rate.TryTake(a));
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(rate.TryTake(a));

        static GroupingKey[] Many(GroupingKey key, int count) => [.. Enumerable.Repeat(key, count)];
    }

    [Fact]
    public async Task ThePushesOfAJobAreLimited()
    {
        var raw = new RawHarness(new ExpositionOptions { MaxPushesPerSecond = 1 });
        string push = Push + "4\r\n\r\na 1\n";
        string answers = await raw.ExchangeAsync(push + push + push.Replace("/a", "/b", StringComparison.Ordinal));
        Assert.StartsWith("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n", answers,
            StringComparison.Ordinal);
        Assert.EndsWith("too many pushes of this job: more than 1 per second\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", answers,
            StringComparison.Ordinal);
        Assert.Equal(1, Refused(raw.Engine, "pushes-per-second"));
    }

    [Fact]
    public void LimitsOfTheStoreHaveTheirCodes()
    {
        var options = new ExpositionOptions { MaxSeriesPerPush = 2, MaxGroups = 1, MaxLabelValueBytes = 5 };
        var store = new MetricStore(new StoreOptions { MaxSeriesPerPush = 2, MaxGroups = 1, MaxLabelValueBytes = 5 });
        var engine = new ExpositionEngine(store, options);
        Answer Put(string job, string body) => engine.Pushes.Handle(new PushRequest
        { Route = engine.Paths.Resolve(Encoding.ASCII.GetBytes("/metrics/job/" + job)) }, Encoding.ASCII.GetBytes(body), out _)!.Value;
        Assert.Equal(new Answer(200), Put("a", "a 1\nb 2\n"));
        Assert.Equal((413, "too many series in one push: 3 are more than 2"),
            (Put("a", "a 1\nb 2\nc 3\n").Status, Put("a", "a 1\nb 2\nc 3\n").Text));
        Assert.Equal((507, "too many groups: 1 are stored"), (Put("b", "a 1\n").Status, Put("b", "a 1\n").Text));
        Assert.Equal((400, "value of label l is too long: 6 bytes are more than 5"),
            (Put("a", "a{l=\"123456\"} 1\n").Status, Put("a", "a{l=\"123456\"} 1\n").Text));
        Assert.Equal(
            (400, "value of label job is too long: 6 bytes are more than 5"), (Put("123456", "a 1\n").Status, Put("123456", "a 1\n").Text));
        Assert.Equal(new Answer(200), Put("a", "a{l=\"12345\"} 1\n"));
        Assert.Equal((2, 2, 4), (Refused(engine, "series-per-push"), Refused(engine, "groups"), Refused(engine, "label-value-bytes")));
    }

    [Fact]
    public void ProductsHaveTheirCodes()
    {
        var store = new MetricStore(
            new StoreOptions { MaxGroupingKeyBytes = 600, MaxRenderedBytes = 2000, MaxGroupBytes = 5000, MaxStoredBytes = 7000 });
        var engine = new ExpositionEngine(store, new ExpositionOptions());
        Answer Put(string job, string body) => engine.Pushes.Handle(new PushRequest
        { Route = engine.Paths.Resolve(Encoding.ASCII.GetBytes("/metrics/job/" + job)) }, Encoding.ASCII.GetBytes(body), out _)!.Value;
        string lines = string.Concat(Enumerable.Range(0, 60).Select(static i => $"m{{l=\"{i}\"}} 1\n"));
        Answer tooLong = Put(new string('j', 601), "a 1\n");
        Assert.Equal((414, "grouping key too long: 605 bytes are more than 600"), (tooLong.Status, tooLong.Text));
        Answer rendered = Put(new string('j', 500), lines);
        Assert.Equal((413, true), (rendered.Status, rendered.Text!.StartsWith("push too large: ", StringComparison.Ordinal)));
        Answer group = Put("a", $"a{{l=\"{new string('v', 5000)}\"}} 1\n");
        Assert.Equal((507, true), (group.Status, group.Text!.StartsWith("group too large: ", StringComparison.Ordinal)));
        Assert.Equal((200, 507),
            (Put("a", $"a{{l=\"{new string('v', 3000)}\"}} 1\n").Status, Put("b", $"b{{l=\"{new string('v', 3000)}\"}} 1\n").Status));
        Assert.Equal((1, 1, 1, 1), (Refused(engine, "grouping-key-bytes"), Refused(engine, "rendered-bytes"),
            Refused(engine, "group-bytes"), Refused(engine, "stored-bytes")));
    }

    [Fact]
    public void SetsOfGroupingLabelNamesAreLimited()
    {
        var engine = new ExpositionEngine(
            new MetricStore(new StoreOptions { MaxGroupingNameSets = 2 }), new ExpositionOptions { MaxGroupingNameSets = 2 });
        Answer Do(PushMethod method, string path) =>
            engine.Pushes.Handle(new PushRequest
            {
                Route = engine.Paths.Resolve(Encoding.ASCII.GetBytes("/metrics/job/" + path)),
                Method = method
            }, "a 1\n"u8.ToArray(), out _)!.Value;
        Assert.Equal(
            (200, 200, 200), (Do(PushMethod.Put, "a").Status, Do(PushMethod.Put, "a/x/1").Status, Do(PushMethod.Put, "a/x/2").Status));
        Answer refused = Do(PushMethod.Put, "a/y/1");
        Assert.Equal((507, "too many sets of grouping label names: 2 are in use"), (refused.Status, refused.Text));
        Assert.Equal(1, Refused(engine, "grouping-name-sets"));

        // A set is free again with the last group that has it.
        Assert.Equal((202, 202, 200),
            (Do(PushMethod.Delete, "a/x/1").Status, Do(PushMethod.Delete, "a/x/2").Status, Do(PushMethod.Put, "a/y/1").Status));
    }

    [Theory]
    [InlineData("1e-9")]
    [InlineData("5e-324")]
    [InlineData("0.5")]
    public async Task AScraperCannotAskForNoDeadline(string seconds)
    {
        var raw = new RawHarness(target: new FakeTarget { ScrapeBody = new byte[1 << 20] }, pause: 1000);
        bool aborted = false;
        raw.Connection.ConnectionClosed.Register(() => aborted = true);
        raw.Send($"GET /metrics HTTP/1.1\r\nHost: h\r\nX-Prometheus-Scrape-Timeout-Seconds: {seconds}\r\n\r\n");
        raw.Beat(TimeSpan.FromSeconds(1));
        for (int i = 0; i < 5000 && !aborted; i++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.True(aborted);
        Assert.InRange(
            raw.Engine.Scrapes.TimeoutFor(Encoding.ASCII.GetBytes(seconds)), TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        Assert.InRange(new ExpositionEngine(new FakeTarget(), new ExpositionOptions { ScrapeTimeout = TimeSpan.Zero }).Scrapes.TimeoutFor(
            "1e300"u8), TimeSpan.FromDays(1), TimeSpan.FromDays(100));
    }

    internal static int Refused(ExpositionEngine engine, string limit)
    {
        var set = new FamilySet();
        engine.Collect(set);
        for (int metric = 0; metric < set.Metrics.Length; metric++)
        {
            foreach (LabelRow label in set.LabelsOf(metric))
            {
                if (set.Text(label.Name).SequenceEqual("limit"u8) && Encoding.ASCII.GetString(set.Text(label.Value)) == limit)
                {
                    return (int)set.Metrics[metric].Value;
                }
            }
        }

        return -1;
    }
}
