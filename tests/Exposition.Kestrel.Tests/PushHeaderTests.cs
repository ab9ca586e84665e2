using System.Text;
using Exposition.Engine;

namespace Exposition.Kestrel.Tests;

/// <summary>The headers of pushes that add up, through both doors.</summary>
public sealed class PushHeaderTests
{
    private const string Path = "/metrics/job/j";
    private static readonly byte[] s_one = Encoding.ASCII.GetBytes("# TYPE c counter\nc 1\n");

    [Fact]
    public async Task A_mode_is_taken_by_both_doors()
    {
        await using StoreDoors doors = await StoreDoors.StartAsync();
        foreach (int port in doors.Ports)
        {
            await TakeAsync(port, "PUT", s_one);
            await TakeAsync(port, "POST", s_one, "Exposition-Push-Mode: add");
            await TakeAsync(port, "POST", s_one, "exposition-push-mode:  add ");
            Assert.Equal("c{instance=\"\",job=\"j\"} 3\n", await StoreDoors.PushedAsync(port));
            await TakeAsync(port, "POST", Encoding.ASCII.GetBytes("c{x=\"1\"} 5\n# TYPE c counter\n"), "Exposition-Push-Mode: series");
            Assert.Contains("c{instance=\"\",job=\"j\"} 3\n", await StoreDoors.PushedAsync(port), StringComparison.Ordinal);
            await TakeAsync(port, "POST", s_one, "Exposition-Push-Mode: families");
            Assert.Equal("c{instance=\"\",job=\"j\"} 1\n", await StoreDoors.PushedAsync(port));
            await TakeAsync(port, "POST", Encoding.ASCII.GetBytes("d 1\n"), "Exposition-Push-Mode: replace");
            Assert.Equal("d{instance=\"\",job=\"j\"} 1\n", await StoreDoors.PushedAsync(port));
            await TakeAsync(port, "PUT", s_one, "Exposition-Push-Mode: replace");
        }
    }

    [Theory]
    [InlineData(
        "POST", "Exposition-Push-Mode: plus",
        "invalid Exposition-Push-Mode header: expected families, series, add, cumulative or replace, got \"plus\"")]
    [InlineData(
        "POST", "Exposition-Push-Mode:",
        "invalid Exposition-Push-Mode header: expected families, series, add, cumulative or replace, got \"\"")]
    [InlineData(
        "PUT", "Exposition-Push-Mode: add",
        "invalid Exposition-Push-Mode header: a PUT replaces the group; add is for a POST")]
    [InlineData(
        "PUT", "Exposition-Push-Mode: families",
        "invalid Exposition-Push-Mode header: a PUT replaces the group; families is for a POST")]
    [InlineData(
        "POST", "Exposition-Push-Id:",
        "invalid Exposition-Push-Id header: expected 1 to 128 bytes, got 0")]
    [InlineData(
        "POST", "Exposition-Source:",
        "invalid Exposition-Source header: expected 1 to 128 bytes, got 0")]
    [InlineData("POST", "Exposition-Push-Mode: cumulative", "a cumulative push needs a source: the header Exposition-Source")]
    public async Task What_a_header_cannot_say_is_refused(string method, string header, string error)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync();
        foreach (int port in doors.Ports)
        {
            Assert.Equal((400, error + "\n"), await StoreDoors.SendAsync(port, method, Path, s_one, header));
            Assert.Equal("", await StoreDoors.PushedAsync(port));
        }
    }

    [Theory]
    [InlineData("Exposition-Push-Mode: add", "Exposition-Push-Mode: add", "Exposition-Push-Mode")]
    [InlineData("Exposition-Push-Id: a", "exposition-push-id: b", "Exposition-Push-Id")]
    [InlineData("Exposition-Source: a", "Exposition-Source: a", "Exposition-Source")]
    [InlineData("Exposition-Expire-After: 1h", "Exposition-Expire-After: 1h", "Exposition-Expire-After")]
    public async Task A_header_that_is_there_twice_is_refused(string first, string second, string name)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync();
        foreach (int port in doors.Ports)
        {
            Assert.Equal(
                (400, $"invalid {name} header: it is there 2 times, expected once\n"),
                await StoreDoors.SendAsync(port, "POST", Path, s_one, first, second));
            Assert.Equal("", await StoreDoors.PushedAsync(port));
        }
    }

    [Fact]
    public async Task An_id_of_128_bytes_is_taken_and_a_longer_one_refused()
    {
        await using StoreDoors doors = await StoreDoors.StartAsync();
        foreach (int port in doors.Ports)
        {
            string id = new('x', 128);
            await TakeAsync(port, "POST", s_one, "Exposition-Push-Mode: add", "Exposition-Push-Id: " + id);
            (int status, string text) = await StoreDoors.SendAsync(port, "POST", Path, s_one, $"Exposition-Push-Id: {id}y");
            Assert.Equal((400, "invalid Exposition-Push-Id header: expected 1 to 128 bytes, got 129\n"), (status, text));
        }
    }

    [Fact]
    public async Task An_id_counts_once_through_whichever_door_and_one_with_another_body_is_422()
    {
        await using StoreDoors doors = await StoreDoors.StartAsync();
        foreach (int port in doors.Ports.Concat(doors.Ports))
        {
            await TakeAsync(port, "POST", s_one, "Exposition-Push-Mode: add", "Exposition-Push-Id: a");
            Assert.Equal("c{instance=\"\",job=\"j\"} 1\n", await StoreDoors.PushedAsync(port));
            Assert.Equal((422, "a push with this id and another body was stored before\n"), await StoreDoors.SendAsync(
                port, "POST", Path, Encoding.ASCII.GetBytes("# TYPE c counter\nc 2\n"), "Exposition-Push-Id: a"));
        }
    }

    [Fact]
    public async Task Sources_are_told_apart_by_the_header()
    {
        await using StoreDoors doors = await StoreDoors.StartAsync();
        foreach (string source in (string[])["a", "b", "a"])
        {
            foreach (int port in doors.Ports)
            {
                await TakeAsync(port, "POST", s_one, "Exposition-Push-Mode: cumulative", "Exposition-Source: " + source);
            }
        }

        Assert.Equal("c{instance=\"\",job=\"j\"} 2\n", await StoreDoors.PushedAsync(doors.Ports[0]));
    }

    [Fact]
    public async Task A_rule_gives_the_mode_to_a_post_without_a_header_and_a_put_against_it_replaces()
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(static options =>
        {
            options.EngineMetrics = true;
            options.PushModes.Add(ModeRule.Parse("{job=\"j\"}=add"));
        });
        foreach (int port in doors.Ports)
        {
            await TakeAsync(port, "PUT", s_one);
            await TakeAsync(port, "POST", s_one);
            Assert.Equal("c{instance=\"\",job=\"j\"} 2\n", await StoreDoors.PushedAsync(port));
            await TakeAsync(port, "POST", s_one, "Exposition-Push-Mode: families");
            Assert.Equal("c{instance=\"\",job=\"j\"} 1\n", await StoreDoors.PushedAsync(port));
        }

        string scraped = await StoreDoors.ExchangeAsync(
            doors.Ports[0], "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());
        Assert.Contains("\npushgateway_puts_against_mode_total 2\n", scraped, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_addition_to_a_large_group_is_made_in_its_turn()
    {
        await using StoreDoors doors = await StoreDoors.StartAsync();
        string much = "# TYPE c counter\n" + string.Concat(Enumerable.Range(0, 20_000).Select(static i => $"c{{x=\"{i}\"}} 1\n"));
        foreach (int port in doors.Ports)
        {
            await TakeAsync(port, "PUT", Encoding.ASCII.GetBytes(much));
            for (int i = 0; i < 4; i++)
            {
                await TakeAsync(port, "POST", Encoding.ASCII.GetBytes("# TYPE c counter\nc{x=\"7\"} 1\n"), "Exposition-Push-Mode: add");
            }

            Assert.Contains("x=\"7\"} 5\n", await StoreDoors.PushedAsync(port), StringComparison.Ordinal);
        }
    }

    private static async Task TakeAsync(int port, string method, byte[] body, params string[] headers) =>
        Assert.Equal((200, ""), await StoreDoors.SendAsync(port, method, Path, body, headers));
}
