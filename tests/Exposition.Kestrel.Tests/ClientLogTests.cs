using System.Text;
using Exposition.Engine;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>What clients cause is logged with constant messages, and within bounds.</summary>
public sealed class ClientLogTests
{
    private const string Message = "something";

    private readonly StoppedTime _time = new();
    private readonly LinesKept _lines = new();

    [Fact]
    public void Of_a_message_and_reason_there_are_five_lines_and_then_one_in_ten_seconds_that_says_how_many_are_missing()
    {
        ClientLog log = Log();
        for (int i = 0; i < 25; i++)
        {
            log.Begin(LogLevel.Warning, Message, "a")?.Write();
        }

        log.Begin(LogLevel.Warning, Message, "b")?.Write();
        Assert.Equal(5 + 1, _lines.Count);

        _time.Advance(TimeSpan.FromSeconds(9.9));
        log.Begin(LogLevel.Warning, Message, "a")?.Write();
        Assert.Equal(6, _lines.Count);

        _time.Advance(TimeSpan.FromSeconds(0.1));
        log.Begin(LogLevel.Warning, Message, "a")?.Write();
        log.Begin(LogLevel.Warning, Message, "a")?.Write();
        Assert.Equal(7, _lines.Count);
        Assert.Equal(21L, _lines.Last["suppressed"]);
    }

    [Fact]
    public void All_messages_together_share_two_hundred_lines_and_then_three_in_a_second()
    {
        ClientLog log = Log();
        Flood(log, 1000);
        Assert.Equal(200, _lines.Count);
        _time.Advance(TimeSpan.FromSeconds(10));
        Flood(log, 1000);
        Assert.Equal(230, _lines.Count);
    }

    [Fact]
    public void Lines_for_debugging_leave_those_that_matter_their_room()
    {
        ClientLog log = Log();
        for (int i = 0; i < 300; i++)
        {
            log.Begin(LogLevel.Debug, Message, $"debug {i}")?.Write();
        }

        Assert.Equal(200, _lines.Count);
        log.Begin(LogLevel.Warning, Message, "a")?.Write();
        Assert.Equal(201, _lines.Count);
    }

    [Fact]
    public void All_messages_together_share_256_KiB_and_then_20_KiB_in_a_second()
    {
        ClientLog log = Log();
        string label = new('x', 64 << 10);
        void Push(int i) =>
            log.Begin(LogLevel.Error, Message, $"reason {i}")?.Add("a", label).Add("b", label).Add("c", label).Add("d", label).Write();
        for (int i = 0; i < 300; i++)
        {
            Push(i);
        }

        Assert.InRange(_lines.Bytes, 200 << 10, 256 << 10);
        for (int second = 0; second < 29; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            for (int i = 0; i < 100; i++)
            {
                Push(i);
            }
        }

        Assert.InRange(_lines.Bytes, 400 << 10, 30 * (40 << 10));
        Assert.InRange(_lines.Count, 0, 300);
    }

    [Property(MaxTest = 300)]
    public Property A_value_is_cut_at_a_KiB_and_a_line_at_4_KiB_whatever_is_in_it() => Prop.ForAll(
        ArbMap.Default.ArbFor<string>().Filter(static s => s is not null).Generator.ArrayOf(6).Zip(Gen.Choose(1, 3000)).ToArbitrary(),
            pair =>
        {
            (string[] texts, int repeat) = pair;
            ClientLog log = Log();
            ClientLine line = log.Begin(LogLevel.Error, Message, "a")!;
            for (int i = 0; i < texts.Length; i++)
            {
                line.Add("name" + i, string.Concat(Enumerable.Repeat(texts[i], repeat)));
            }

            line.Write();
            Assert.InRange(Encoding.UTF8.GetByteCount(_lines.Text), 0, LogBudget.LineBytes);
            foreach ((string name, object? value) in _lines.Last)
            {
                Assert.True(Encoding.UTF8.GetByteCount((string)value!) <= LogText.ValueBytes, name);
            }

            Assert.DoesNotContain(_lines.Text, static c => char.IsControl(c) || c is '\u202e' or '\u2066' or '\ufeff');
        });

    [Theory]
    [InlineData("a\u007fb", "\"a\\x7fb\"")]
    [InlineData("\u0085", "\"\\u0085\"")]
    [InlineData("\u009b31m", "\"\\u009b31m\"")]
    [InlineData("a\u202egpj.exe", "\"a\\u202egpj.exe\"")]
    [InlineData("\u2066x", "\"\\u2066x\"")]
    [InlineData("\u001b[2J", "\"\\x1b[2J\"")]
    [InlineData("two\r\nlines", "\"two\\r\\nlines\"")]
    [InlineData("grün", "grün")]
    public void What_does_not_show_itself_is_escaped(string value, string shown)
    {
        Log().Begin(LogLevel.Error, Message, "a")!.Add("err", value).Write();
        Assert.Equal($"{Message} err={shown} reason=a", _lines.Text);
    }

    [Fact]
    public void A_cut_value_says_how_long_it_was()
    {
        Assert.Equal("xxxxxxxx... (100 bytes)", LogText.Cut(new string('x', 100), 30));
        Assert.Equal(new string('x', 30), LogText.Cut(new string('x', 30), 30));
        Assert.Equal("üüüü... (60 bytes)", LogText.Cut(new string('ü', 30), 30));
    }

    [Fact]
    public void What_is_not_logged_costs_no_garbage()
    {
        var off = new ClientLog(new LinesKept { Least = LogLevel.None }, new LogBudget(_time));
        ClientLog full = Log();
        Flood(full, 1000);
        var group = GroupingKey.Create(("job", "j"));
        var request = new Serving.PushRequest { Route = new(Routing.RouteKind.Group, group), Sender = group };
        var answer = new Outcomes.Answer(400, "wrong", Why: Refusal.Inconsistent);
        void Refuse()
        {
            off.Answered(request, answer);
            full.Answered(request, answer);
            full.Limited(Limit.Connections, null, "why");
        }

        Refuse();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            Refuse();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Flood(ClientLog log, int reasons)
    {
        for (int i = 0; i < reasons; i++)
        {
            log.Begin(LogLevel.Warning, Message, $"reason {i}")?.Write();
        }
    }

    private ClientLog Log() => new(_lines, new LogBudget(_time));
}
