using System.Text;
using System.Text.Json;
using Exposition.Gateway.Logging;
using Exposition.Kestrel.Logging;
using Exposition.Persistence.Logging;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Tests;

public class LogLineTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 22, 13, 39, 1, 756, TimeSpan.Zero);

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "\"\"")]
    [InlineData("two words", "\"two words\"")]
    [InlineData("a=b", "\"a=b\"")]
    [InlineData("say \"hi\"", "\"say \\\"hi\\\"\"")]
    [InlineData("back\\slash", "back\\slash")]
    [InlineData("line\nbreak\ttab", "\"line\\nbreak\\ttab\"")]
    [InlineData("\u0001", "\"\\x01\"")]
    [InlineData("grün", "grün")]
    [InlineData("a\u2028b", "\"a\\u2028b\"")]
    [InlineData("a\uFFFDb", "\"a\\ufffdb\"")]
    [InlineData("[::]:9091", "[::]:9091")]
    public void Values_are_quoted_where_they_must_be(string value, string expected) => Assert.Equal(expected, LogLine.Value(value));

    [Fact]
    public void Logfmt_has_the_shape_of_the_reference() => Assert.Equal(
        "ts=2026-11-22T13:39:01.756Z level=warn msg=\"Listening on\" address=127.0.0.1:1 http2=false groups=3 moved_to=/x\n",
        Line(LogFormat.Logfmt));

    [Fact]
    public void Json_has_the_same_keys() => Assert.Equal(
        "{\"ts\":\"2026-11-22T13:39:01.756Z\",\"level\":\"warn\",\"msg\":\"Listening "
            + "on\",\"address\":\"127.0.0.1:1\",\"http2\":false,\"groups\":3,\"moved_to\":\"/x\"}\n",
        Line(LogFormat.Json));

    [Fact]
    public void A_message_keeps_its_constant_text_and_framework_sentences_carry_no_attributes()
    {
        using var stream = new MemoryStream();
        using var provider = new LineLoggerProvider(
            LogTo.Stream(stream), LogFormat.Logfmt, TimeProvider.System, new LogBudget(TimeProvider.System));
        provider.CreateLogger("Exposition.Gateway").CannotPersist("data", 2, "disk full");
        provider.CreateLogger("Microsoft.AspNetCore").LogWarning(new IOException("x"), "Sentence with {Value}", 7);
        new ClientLog(provider.CreateLogger("Exposition.Kestrel.ExpositionEngine"), new LogBudget(TimeProvider.System))
            .Begin(LogLevel.Warning, "constant", "why")!.Add("value", 7).Add("err", "a\u202eb").Write();

        string[] lines = Encoding.UTF8.GetString(stream.ToArray()).Split('\n');
        Assert.EndsWith(
            " level=error msg=\"error persisting metrics\" file=data groups=2 err=\"disk full\"", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(
            " level=warn msg=\"Sentence with 7\" logger=Microsoft.AspNetCore err=\"IOException: x\"", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(" level=warn msg=constant value=7 err=\"a\\u202eb\" reason=why", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_framework_says_is_bounded_and_has_no_stack()
    {
        using var stream = new MemoryStream();
        var time = new ManualTime();
        using var provider = new LineLoggerProvider(LogTo.Stream(stream), LogFormat.Logfmt, time, new LogBudget(time));
        ILogger logger = provider.CreateLogger("Microsoft.AspNetCore.Server.Kestrel");
        for (int i = 0; i < 10_000; i++)
        {
            try
            {
                throw new InvalidOperationException(new string('x', 10_000));
            }
            catch (InvalidOperationException e)
            {
                logger.LogError(new EventId(13, "ApplicationError"), e, "Connection {Id}", new string('y', 10_000));
            }
        }

        string[] lines = Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5, lines.Length);
        Assert.All(lines, static line => Assert.InRange(line.Length, 1, LogBudget.LineBytes));
        Assert.DoesNotContain(lines, static line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\u007f", "\"\\x7f\"", "\"\\u007f\"")]
    [InlineData("\u0085", "\"\\u0085\"", "\"\\u0085\"")]
    [InlineData("a\u202eb", "\"a\\u202eb\"", "\"a\\u202eb\"")]
    [InlineData("\u2066\U000e0001", "\"\\u2066\\U000e0001\"", "\"\\u2066\\udb40\\udc01\"")]
    [InlineData("\u001b[31m", "\"\\x1b[31m\"", "\"\\u001b[31m\"")]
    [InlineData("\r\n\t\"\\", "\"\\r\\n\\t\\\"\\\\\"", "\"\\r\\n\\t\\\"\\\\\"")]
    [InlineData("grün", "grün", "\"grün\"")]
    public void What_does_not_show_itself_is_escaped(string value, string logfmt, string json)
    {
        string Written(LogFormat format) => Encoding.UTF8.GetString(LogLine.Write(format, s_now, LogLevel.Error, "m", [new("v", value)]));
        Assert.EndsWith($" v={logfmt}\n", Written(LogFormat.Logfmt), StringComparison.Ordinal);
        Assert.EndsWith($",\"v\":{json}}}\n", Written(LogFormat.Json), StringComparison.Ordinal);
        Assert.Equal(value, JsonDocument.Parse(Written(LogFormat.Json)).RootElement.GetProperty("v").GetString());
    }

    private static string Line(LogFormat format) => Encoding.UTF8.GetString(LogLine.Write(format, s_now, LogLevel.Warning, "Listening on",
        [new("address", "127.0.0.1:1"), new("http2", false), new("groups", 3), new("movedTo", "/x")]));
}
