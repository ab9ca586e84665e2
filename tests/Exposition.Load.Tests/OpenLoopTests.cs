using Exposition.Load.Bodies;
using Exposition.Load.Cases;
using Exposition.Load.Servers;

namespace Exposition.Load.Tests;

/// <summary>Pushes at a fixed rate. A busy machine makes latencies longer and never shorter, so bounds are from below.</summary>
public sealed class OpenLoopTests
{
    private const string Taken = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private static readonly ServerSystem s_system = new(ServerKind.Ours, "fake", "none", "0");

    [Fact]
    public void A_server_that_stops_is_late_for_all_pushes_of_that_time()
    {
        using var server = new FakeServer(static request =>
        {
            // What is measured is that this pause is seen by those behind it.
            Thread.Sleep(request == 10 ? 400 : 0);
            return Taken;
        });
        OpenLoopResult result = new OpenLoop(s_system, server.Port, SmallBody.Make(), "load", 1, 3).Run(rate: 100, seconds: 1, seed: 1);
        Assert.Null(result.Error);
        Assert.Equal(100, result.Latencies.Count);
        Assert.InRange(result.Latencies.Max / 1e6, 380, double.MaxValue);

        // One of a hundred was served slowly, but some thirty were due meanwhile.
        Assert.InRange(result.Latencies.Percentile(0.8) / 1e6, 100, double.MaxValue);
    }

    [Fact]
    public void What_could_not_be_sent_counts_with_the_time_that_it_has_waited()
    {
        using var server = new FakeServer(static request =>
        {
            Thread.Sleep(100);
            return Taken;
        });
        OpenLoopResult result = new OpenLoop(s_system, server.Port, SmallBody.Make(), "load", 2, 4).Run(rate: 1000, seconds: 1, seed: 1);
        Assert.InRange(result.Answered, 2, 22);
        Assert.Equal(1000, result.Latencies.Count);
        Assert.InRange(result.Answered / result.Seconds, 1, 22);
        Assert.InRange(result.Latencies.Percentile(0.5) / 1e6, 300, double.MaxValue);
    }

    [Fact]
    public void A_push_that_is_refused_ends_it_and_is_told()
    {
        using var server = new FakeServer(
            static request => request < 3 ? Taken : "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno\n");
        OpenLoopResult result = new OpenLoop(s_system, server.Port, SmallBody.Make(), "load", 1, 1).Run(rate: 200, seconds: 1, seed: 1);
        Assert.Equal("a push was answered with 400", result.Error);
        Assert.Empty(result.Last);
    }

    [Theory]
    [InlineData("", "the answer ends in its head, after 0 bytes")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", "the answer 200 does not say how long it is")]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n", "no answer of HTTP/1.1: SSH-2.0-OpenSSH")]
    public void An_answer_that_is_none_is_told(string answer, string expected)
    {
        using var server = new FakeServer(_ => answer);
        OpenLoopResult result = new OpenLoop(s_system, server.Port, SmallBody.Make(), "load", 1, 1).Run(rate: 100, seconds: 0.1, seed: 1);
        Assert.Equal(expected, result.Error);
    }

    [Fact]
    public void What_was_pushed_last_is_kept_for_comparison()
    {
        using var server = new FakeServer(static _ => Taken);
        OpenLoopResult result = new OpenLoop(s_system, server.Port, SmallBody.Make(), "load", 2, 6).Run(rate: 100, seconds: 0.5, seed: 1);
        Assert.Equal(2, result.Last.Count);
        Assert.Equal(2, result.Last.Select(static push => push.Instance).Distinct().Count());
        Assert.All(result.Last, static push => Assert.NotEqual(SmallBody.Make().Bytes, push.Body));
    }
}
