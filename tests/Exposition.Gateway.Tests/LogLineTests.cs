using System.Text;
using Exposition.Gateway.Logging;
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
    [InlineData("[::]:9091", "[::]:9091")]
    public void Values_are_quoted_where_they_must_be(string value, string expected) => Assert.Equal(expected, LogLine.Value(value));

    [Fact]
    public void Logfmt_has_the_shape_of_the_reference() => Assert.Equal(
        "ts=2026-11-22T13:39:01.756Z level=warn msg=\"Listening on\" address=127.0.0.1:1 http2=false groups=3 moved_to=/x\n",
        Line(LogFormat.Logfmt));

    [Fact]
    public void Json_has_the_same_keys() => Assert.Equal(
        "{\"ts\":\"2026-11-22T13:39:01.756Z\",\"level\":\"warn\",\"msg\":\"Listening on\",\"address\":\"127.0.0.1:1\",\"http2\":false,\"groups\":3,\"moved_to\":\"/x\"}\n",
        Line(LogFormat.Json));

    [Fact]
    public void A_message_keeps_its_constant_text_and_framework_sentences_carry_no_attributes()
    {
        using var stream = new MemoryStream();
        using var provider = new StreamLoggerProvider(stream, LogFormat.Logfmt, TimeProvider.System);
        provider.CreateLogger("Exposition.Gateway").CannotPersist("data", 2, "disk full");
        provider.CreateLogger("Microsoft.AspNetCore").LogWarning(new IOException("x"), "Sentence with {Value}", 7);

        string[] lines = Encoding.UTF8.GetString(stream.ToArray()).Split('\n');
        Assert.EndsWith(" level=error msg=\"error persisting metrics\" file=data groups=2 err=\"disk full\"", lines[0], StringComparison.Ordinal);
        Assert.Contains(" level=warn msg=\"Sentence with 7\" err=\"System.IO.IOException: x\"", lines[1], StringComparison.Ordinal);
    }

    private static string Line(LogFormat format) => Encoding.UTF8.GetString(LogLine.Write(format, s_now, LogLevel.Warning, "Listening on",
        [new("address", "127.0.0.1:1"), new("http2", false), new("groups", 3), new("movedTo", "/x")]));
}
