using Exposition.Kestrel.Logging;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>What is left out of the log is counted there, also when the flood is over; and no flood hides what operators do.</summary>
public sealed class SuppressedLinesTests
{
    private const string Message = "something";

    private readonly ManualTime _time = new();
    private readonly LinesKept _lines = new();

    [Fact]
    public void A_flood_that_is_over_is_told_once_with_the_number_of_what_was_left_out()
    {
        ClientLog log = Log();
        for (int i = 0; i < 25; i++)
        {
            log.Begin(LogLevel.Warning, Message, "a")?.Add("x", 1).Write();
        }

        Assert.Equal(5, _lines.Count);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(6, _lines.Count);
        Assert.Equal($"{Message} reason=a suppressed=20", _lines.Text);
        Assert.Equal(LogLevel.Warning, _lines.All[^1].Level);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(6, _lines.Count);
    }

    [Fact]
    public void While_it_goes_on_its_own_lines_say_so_and_all_that_was_left_out_is_told_in_the_end()
    {
        ClientLog log = Log();
        for (int i = 0; i < 600; i++)
        {
            log.Begin(LogLevel.Warning, Message, "a")?.Add("x", i).Write();
            _time.Advance(TimeSpan.FromSeconds(0.1));
        }

        Assert.All(_lines.All, static line => Assert.Contains("x", line.Values));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(600, _lines.All.Count(static l => l.Values.ContainsKey("x")) + _lines.All.Sum(
            static l => (long)(l.Values.GetValueOrDefault("suppressed") ?? 0L)));
        Assert.DoesNotContain("x", _lines.Last);
    }

    [Fact]
    public void What_is_left_at_the_end_is_told_then()
    {
        var budget = new LogBudget(_time);
        var log = new ClientLog(_lines, budget);
        for (int i = 0; i < 25; i++)
        {
            log.Begin(LogLevel.Warning, Message, "a")?.Write();
        }

        budget.Settle();
        Assert.Equal($"{Message} reason=a suppressed=20", _lines.Text);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(6, _lines.Count);
    }

    [Fact]
    public void What_is_told_later_has_to_find_room_too()
    {
        ClientLog log = Log();
        for (int i = 0; i < 2000; i++)
        {
            log.Begin(LogLevel.Warning, Message, $"reason {i / 2}")?.Write();
        }

        Assert.Equal(200, _lines.Count);
        for (int second = 1; second <= 30; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.InRange(_lines.Count, 200, 200 + (3 * second));
        }

        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2000, _lines.Count - _lines.All.Count(static l => l.Values.ContainsKey("suppressed"))
            + _lines.All.Sum(static l => (long)(l.Values.GetValueOrDefault("suppressed") ?? 0L)));
    }

    [Fact]
    public void What_operators_do_is_logged_in_any_flood_and_is_bounded_too()
    {
        ClientLog log = Log();
        for (int i = 0; i < 5000; i++)
        {
            log.Begin(LogLevel.Warning, Message, $"reason {i}")?.Add("err", new string('x', 5000)).Write();
        }

        int before = _lines.Count;
        for (int i = 0; i < 100; i++)
        {
            log.BeginAction(LogLevel.Information, "metric store wiped")?.Add("groups", 3).Write();
        }

        Assert.Equal("metric store wiped groups=3", _lines.Text);
        Assert.Equal(before + 7, _lines.Count);
        for (int second = 0; second < 30; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            log.BeginAction(LogLevel.Information, "metric store wiped")?.Add("groups", 3).Write();
        }

        Assert.InRange(_lines.All.Count(static l => l.Text.StartsWith("metric store", StringComparison.Ordinal)), 9, 10);
    }

    private ClientLog Log() => new(_lines, new LogBudget(_time));
}
