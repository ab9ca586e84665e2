using Exposition.Engine;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Tests;

/// <summary>The header by which a push says when its series expire, through both doors; and who is blamed for what is refused.</summary>
public sealed class ExpireHeaderTests(TwoDoors doors) : IClassFixture<TwoDoors>
{
    [Theory]
    [InlineData("15m", 900)]
    [InlineData("1h30m", 5400)]
    [InlineData(" 1.5s ", 1.5)]
    [InlineData("7d", 604_800)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("1ns", 1e-7)]
    public async Task Is_taken_by_both_doors(string value, double seconds)
    {
        foreach (int port in new[] { doors.RawPort, doors.EndpointPort })
        {
            doors.Target.Details.Clear();
            string answer = await SendAsync(port, $"Exposition-Expire-After: {value}\r\n");
            Assert.StartsWith("HTTP/1.1 200 OK", answer, StringComparison.Ordinal);
            Assert.True(doors.Target.Details.TryDequeue(out PushDetails details));
            Assert.Equal(TimeSpan.FromSeconds(seconds), details.ExpireAfter);
            Assert.StartsWith("127.0.0.1:", details.Sender!.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_it_the_rules_of_the_store_count()
    {
        foreach (int port in new[] { doors.RawPort, doors.EndpointPort })
        {
            doors.Target.Details.Clear();
            await SendAsync(port, "");
            Assert.True(doors.Target.Details.TryDequeue(out PushDetails details));
            Assert.Null(details.ExpireAfter);
        }
    }

    [Theory]
    [InlineData("Exposition-Expire-After: soon\r\n", "time: invalid duration \"soon\"")]
    [InlineData("Exposition-Expire-After: 15\r\n", "time: missing unit in duration \"15\"")]
    [InlineData("Exposition-Expire-After: 15y\r\n", "time: unknown unit \"y\" in duration \"15y\"")]
    [InlineData("Exposition-Expire-After: -1s\r\n", "negative duration \"-1s\"")]
    [InlineData("Exposition-Expire-After:\r\n", "time: invalid duration \"\"")]
    [InlineData("Exposition-Expire-After: 00000000000000000000000000000000000000000000000000000000000000001s\r\n", "more than 64 bytes")]
    [InlineData("Exposition-Expire-After: 1m\r\nExposition-Expire-After: 2m\r\n", "it is there 2 times, expected once")]
    public async Task A_bad_one_is_refused_and_the_group_told(string headers, string error)
    {
        foreach (int port in new[] { doors.RawPort, doors.EndpointPort })
        {
            doors.Target.Details.Clear();
            doors.Target.Failures.Clear();
            string answer = await SendAsync(port, headers);
            Assert.StartsWith("HTTP/1.1 400 Bad Request", answer, StringComparison.Ordinal);
            Assert.EndsWith(
                $"\n\ninvalid Exposition-Expire-After header: {error}\n", answer.ReplaceLineEndings("\n"), StringComparison.Ordinal);
            Assert.Empty(doors.Target.Details);
            Assert.Equal(["{job=\"a\"} invalid Exposition-Expire-After header: " + error], doors.Target.Failures);
        }
    }

    [Fact]
    public async Task It_does_not_make_the_raw_door_hand_the_connection_on()
    {
        using var raw = new RawHarness();
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nexposition-expire-after: 2m\r\nContent-Length: 4\r\n\r\na 1\n");
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 2\n");
        Assert.Null(raw.HandedOn);
        Assert.Equal([TimeSpan.FromMinutes(2), null], raw.Target.Details.Select(static details => details.ExpireAfter));
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData(200, Refusal.None)]
    [InlineData(202, Refusal.None)]
    [InlineData(400, Refusal.Incomplete)]
    [InlineData(408, Refusal.Timeout)]
    [InlineData(413, Refusal.TooLarge)]
    [InlineData(429, Refusal.Overload)]
    [InlineData(500, Refusal.Internal)]
    [InlineData(503, Refusal.Overload)]
    internal void The_status_tells_the_class_of_a_refusal(int status, Refusal refusal) => Assert.Equal(refusal, new Answer(status).Refusal);

    private static Task<string> SendAsync(int port, string headers) =>
        TwoDoors.SendAsync(port, $"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: 4\r\n\r\na 1\n");
}
