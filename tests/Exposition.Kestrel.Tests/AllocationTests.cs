using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Tests;

/// <summary>
/// What the design promises of the raw door: a steady push costs no garbage. Runs alone: collections that others cause empty the array
/// pool.
/// </summary>
[Collection(nameof(Alone))]
public class AllocationTests
{
    private const int MostRounds = 20;

    private const string Flink =
        "PUT /metrics/job/flink-taskmanager-1234/host/h%2F1 HTTP/1.1\r\nUser-Agent: Java/17\r\nContent-Type: text/plain; version=0.0.4; "
        + "charset=utf-8\r\nHost: h:9091\r\n"
        + "Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\nConnection: keep-alive\r\n";

    /// <summary>Where somebody listens to the meter of the engine, too.</summary>
    [Fact]
    public void ASteadyPushThatIsMeasuredAllocatesNothing()
    {
        byte[] request = Encoding.ASCII.GetBytes(Flink + "Content-Length: 1000\r\n\r\n" + new string('x', 1000));
        using var raw = new RawHarness(target: new FakeTarget { Record = false });
        using var meters = new Meters();
        raw.Engine.Measure(meters, "a");
        long measured = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Scope == meters)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => measured += tags.Length);
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => measured += tags.Length);
        listener.Start();
        Push(raw, request, 200);
        int rounds = RoundsUntilNothingIsAllocated(raw, request);

        // Of each push a duration with three tags and a size with two.
        Assert.Equal((200 + (500 * (long)rounds)) * 5, measured);
        raw.End();
    }

    [Theory]
    [InlineData(Flink + "Content-Length: 1000\r\n\r\n{1000}", 1)]
    [InlineData(Flink + "Content-Length: 1000\r\n\r\n{1000}", 20)]
    [InlineData(Flink + "Content-Length: 30000\r\n\r\n{30000}", 1)]
    [InlineData("POST /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n{1000}\r\n0\r\n\r\n", 1)]
    [InlineData("POST /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7530\r\n{30000}\r\n0\r\n\r\n", 1)]
    [InlineData("DELETE /metrics/job@base64/YWJj/x@base64/ZGVm HTTP/1.1\r\nHost: h\r\n\r\n", 1)]
    public void ASteadyPushAllocatesNothing(string template, int pipelined)
    {
        string one = template.Replace("{1000}", new string('x', 1000), StringComparison.Ordinal)
            .Replace("{30000}", new string('x', 30_000), StringComparison.Ordinal);
        byte[] request = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(one, pipelined)));
        using var raw = new RawHarness(target: new FakeTarget { Record = false });
        Push(raw, request, 200);
        int rounds = RoundsUntilNothingIsAllocated(raw, request);
        Assert.Equal(template.StartsWith("DELETE", StringComparison.Ordinal) ? 0 : (200 + (500 * rounds)) * pipelined, raw.Target.Pushes);
        raw.End();
        Assert.True(raw.Run.IsCompleted);
    }

    /// <summary>For whom the proxy asks is kept for a refusal, should there be one.</summary>
    [Fact]
    public void ASteadyPushThroughATrustedProxyAllocatesNothing()
    {
        byte[] request = Encoding.ASCII.GetBytes(
            Flink + "X-Forwarded-For: 10.1.2.3, 10.4.5.6\r\nContent-Length: 1000\r\n\r\n" + new string('x', 1000));
        var options = new ExpositionOptions();
        options.TrustedProxies.Add(System.Net.IPNetwork.Parse("127.0.0.0/8"));
        using var raw = new RawHarness(
            options, new FakeTarget { Record = false }, peer: new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1));
        Push(raw, request, 200);
        RoundsUntilNothingIsAllocated(raw, request);
        raw.End();
    }

    [Fact]
    public void ASteadyScrapeAllocatesNextToNothing()
    {
        var engine = new ExpositionEngine(new MetricStore(new StoreOptions()), new ExpositionOptions());
        engine.Store.Push(GroupingKey.Create(("job", "j")), PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace);
        engine.CountRequest("healthy", "get", 200);
        var own = new FamilySet();
        var output = new ArrayBufferWriter<byte>(1 << 16);
        long allocated = long.MaxValue;
        for (int i = 0; i < 50; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            own.Reset();
            engine.Collect(own);
            output.ResetWrittenCount();
            using (var scrape = new Scrape(engine.Store, own, ScrapeFormat.Text, EscapingScheme.Underscores))
            {
                while (scrape.WriteNext(output, 1 << 16))
                {
                }
            }

            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.InRange(allocated, 0, 1024);
        Assert.Contains("pushgateway_http_requests_total{code=\"200\",handler=\"healthy\",method=\"get\"} 1\n",
            Encoding.UTF8.GetString(output.WrittenSpan), StringComparison.Ordinal);
    }

    // Of 500 pushes each. What happens once (a table that grows, code that is compiled anew) may fall into a round, but not into each.
    private static int RoundsUntilNothingIsAllocated(RawHarness raw, byte[] request)
    {
        long allocated = long.MaxValue;
        int rounds = 0;
        while (allocated > 0 && rounds++ < MostRounds)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Push(raw, request, 500);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, allocated);
        return rounds;
    }

    // Everything runs inline on this thread, and the answers are read away as a client would.
    private static void Push(RawHarness raw, byte[] request, int times)
    {
        for (int i = 0; i < times; i++)
        {
            raw.Send((ReadOnlySpan<byte>)request);
            raw.Connection.Application!.Input.TryRead(out System.IO.Pipelines.ReadResult answer);
            raw.Connection.Application!.Input.AdvanceTo(answer.Buffer.End);
        }
    }

    /// <summary>Names of 32 KiB each: what is kept of a job is as long as that of any other.</summary>
    [Fact]
    public void TheNamesOfJobsAreNotKept()
    {
        const int jobs = 1000, length = 32 << 10;
        var rate = new JobRate(10, new StoppedTime());
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < jobs; i++)
        {
            Assert.True(rate.TryTake(GroupingKey.Create(("job", i + new string('x', length)))));
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, jobs * length / 2);
        Assert.Equal(jobs, rate.Count);
    }
}

/// <summary>Tests that run when all others are done.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
