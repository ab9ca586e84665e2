using System.Text;
using Exposition.Engine;

namespace Exposition.Kestrel.Tests;

/// <summary>Changes that somebody else carries out in the place of the store, through both doors.</summary>
public sealed class ChangeTargetTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Each_end_of_a_change_has_its_answer(int door)
    {
        var target = new FakeChanges();
        await using StoreDoors doors = await StoreDoors.StartAsync(options => options.Changes = target);
        int port = doors.Ports[door];
        (ChangeResult Result, string Start, string Part)[] ends =
        [
            (new ChangeResult(ChangeState.Done, new PushOutcome(PushStatus.Stored)), "HTTP/1.1 200 OK\r\n", "Content-Length: 0\r\n"),
            (new ChangeResult(ChangeState.Done, new PushOutcome(PushStatus.Inconsistent, "no")), "HTTP/1.1 400 ", "\r\n\r\nno\n"),
            (new ChangeResult(ChangeState.Alone, new PushOutcome(PushStatus.Stored)), "HTTP/1.1 202 ", "\r\nExposition-Replicated: no\r\n"),
            (new ChangeResult(ChangeState.Unavailable, Reason: "late"), "HTTP/1.1 503 ", "\r\nRetry-After: 1\r\n"),
            (new ChangeResult(ChangeState.TooLarge, Reason: "9 of 8"), "HTTP/1.1 413 ", "\r\n\r\n9 of 8\n"),
        ];
        foreach ((ChangeResult result, string start, string part) in ends)
        {
            target.Result = result;
            string answer = await SendAsync(port, "PUT");

            Assert.StartsWith(start, answer, StringComparison.Ordinal);
            Assert.Contains(part, answer, StringComparison.Ordinal);
        }

        Assert.Equal(ends.Length, target.Pushes);

        // What the store has not seen is noted with the group, but not by more changes where there are too many.
        Assert.Equal("9 of 8", Assert.Single(target.Failures));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_delete_is_answered_when_it_is_done(int door)
    {
        var target = new FakeChanges { Result = new ChangeResult(ChangeState.Done, Groups: 1) };
        await using StoreDoors doors = await StoreDoors.StartAsync(options => options.Changes = target);

        Assert.StartsWith("HTTP/1.1 202 ", await SendAsync(doors.Ports[door], "DELETE"), StringComparison.Ordinal);
        Assert.Equal(1, target.Deletes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task While_changes_are_not_taken_pushes_are_told_why_and_scrapes_go_on(int door)
    {
        var target = new FakeChanges { Unavailable = "the log is away" };
        await using StoreDoors doors = await StoreDoors.StartAsync(options => options.Changes = target);

        string push = await SendAsync(doors.Ports[door], "PUT");
        (int status, _) = await StoreDoors.SendAsync(doors.Ports[door], "GET", "/metrics", []);

        Assert.StartsWith("HTTP/1.1 503 ", push, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 1\r\n", push, StringComparison.Ordinal);
        Assert.EndsWith("changes are not taken now: the log is away\n", push, StringComparison.Ordinal);
        Assert.Equal(200, status);
        Assert.Equal(0, target.Pushes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_limit_that_others_have_reached_is_counted_under_its_name(int door)
    {
        var target = new FakeChanges
        {
            Result = new ChangeResult(ChangeState.Unavailable, Reason: "8 wait") { Limit = Outcomes.Limit.ReplicationAppends },
        };
        await using StoreDoors doors = await StoreDoors.StartAsync(options => (options.Changes, options.EngineMetrics) = (target, true));

        string push = await SendAsync(doors.Ports[door], "PUT");
        (_, string scrape) = await StoreDoors.SendAsync(doors.Ports[door], "GET", "/metrics", []);

        Assert.EndsWith("changes are not taken now: 8 wait\n", push, StringComparison.Ordinal);
        Assert.Contains("pushgateway_limit_refusals_total{limit=\"replication-appends\"} 1\n", scrape, StringComparison.Ordinal);
        Assert.Empty(target.Failures);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_defect_of_the_target_is_an_answer_and_not_the_end_of_the_connection(int door)
    {
        var target = new FakeChanges { Thrown = new InvalidOperationException("defect") };
        await using StoreDoors doors = await StoreDoors.StartAsync(options => options.Changes = target);

        Assert.StartsWith("HTTP/1.1 500 ", await SendAsync(doors.Ports[door], "PUT"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "Exposition-Push-Mode: add", PushMode.Add, "", "")]
    [InlineData(1, "Exposition-Push-Mode: series", PushMode.Series, "", "")]
    [InlineData(0, "Exposition-Push-Id: 1", PushMode.Merge, "1", "")]
    [InlineData(1, "Exposition-Push-Mode: cumulative\r\nExposition-Source: one", PushMode.Cumulative, "", "one")]
    public async Task Modes_ids_and_sources_come_to_the_target(int door, string headers, PushMode mode, string id, string source)
    {
        var target = new FakeChanges { Result = new ChangeResult(ChangeState.Done, new PushOutcome(PushStatus.Stored)) };
        await using StoreDoors doors = await StoreDoors.StartAsync(options => options.Changes = target);

        string answer = await SendAsync(doors.Ports[door], "POST", headers + "\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.Equal((mode, id, source), (target.Mode, target.Id, target.Source));
    }

    private static Task<string> SendAsync(int port, string method, string header = "") => StoreDoors.ExchangeAsync(
        port, Encoding.Latin1.GetBytes(
            $"{method} /metrics/job/a HTTP/1.1\r\nHost: a\r\n{header}Connection: close\r\nContent-Length: 4\r\n\r\nx 1\n"));
}
