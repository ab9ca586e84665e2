using System.Text;

namespace Exposition.Formats.Tests;

/// <summary>The reference's words stay in front; behind them stands what the sender can do.</summary>
public class LikelyMistakeTests
{
    [Theory]
    [InlineData("# HELP m x# TYPE m gaugem 1", "curl --data-binary")]
    [InlineData("m 1\n# HELP n", "curl --data-binary")]
    [InlineData("m 1# HELP n x# TYPE n gauge n 2\n", "--data-binary")]
    [InlineData("# HELP m x # TYPE m gauge m 1\n", "echo $VARIABLE")]
    [InlineData("m 1 # TYPE n gauge n 2\n", "--data-binary")]
    [InlineData("m 1\\nn 2\\n", "no line end")]
    [InlineData("# TYPE m gauge\rm 1\r", "CR alone")]
    [InlineData("m 1\rn 2\r\n", "CR alone")]
    [InlineData("m{a=\"b\"}", "cut short")]
    [InlineData("{\"m\": 1}", "JSON")]
    [InlineData("  {\n \"m\" : {\"a\": 1}\n}\n", "JSON")]
    [InlineData("[{\"m\": 1}]", "JSON")]
    [InlineData("<!DOCTYPE html><html></html>\n", "HTML")]
    [InlineData("<html>\n", "HTML")]
    [InlineData("--------------------------d74496d66958873e\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nm 1\r\n", "multipart")]
    [InlineData("--b\r\nContent-Type: text/plain\r\n\r\nm 1\r\n--b--\r\n", "multipart")]
    [InlineData("\"m 1\\nn 2\\n\"", "JSON")]
    [InlineData("\uFEFF{\"m\": 1}", "JSON")]
    [InlineData("m 1&n 2", "several -d")]
    [InlineData("m{a=\"b\"} 1&n{a=\"b\"} 2", "several -d")]
    [InlineData("# TYPE m unknown\nm 1\n", "application/openmetrics-text")]
    [InlineData("\uFEFF# TYPE m info\nm 1\n", "application/openmetrics-text")]
    [InlineData("# TYPE m stateset\r\nm 1\n", "application/openmetrics-text")]
    [InlineData("# TYPE m counter\nm_total 1 # {a=\"b\"} 1\n", "application/openmetrics-text")]
    [InlineData("# TYPE m gauge\nm 1 1.5\n# EOF\n", "application/openmetrics-text")]
    [InlineData("m%201%0An%202%0A", "percent-encoded")]
    [InlineData("data=m+1%0A", "form")]
    [InlineData("%23+TYPE+m+gauge%0Am+1%0A", "percent-encoded")]
    [InlineData("m=1&n=2", "form")]
    [InlineData("\u0010\n\u0001m\u0018\u0001\"\u000b\u001a\t", "remote write")]
    public void Refusal_names_the_likely_mistake(string body, string hint)
    {
        FormatError error = Refusal(body, lenient: true);
        Assert.Contains(hint, error.Hint, StringComparison.Ordinal);
        Assert.StartsWith($"text format parsing error in line {error.Line}: {error.Message} (", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"m\",a=\"b\"} x\n")]
    [InlineData("{\"m\"} x\n")]
    [InlineData("{a=\"b\"} 1\n")]
    [InlineData("m one\n")]
    [InlineData("m{a=\"\\n\"} x\n")]
    [InlineData("m 1 2 3\n")]
    [InlineData("m{a=\"b&c\"} x\n")]
    [InlineData("\uFEFFm one\n")]
    [InlineData("\uFEFF# TYPE m foo\n")]
    [InlineData("m 1\n\uFEFF# TYPE n foo\n")]
    public void Plain_error_has_no_hint(string body) => Assert.Null(Refusal(body, lenient: true).Hint);

    [Fact]
    public void Text_in_another_code_is_called_so()
    {
        Assert.False(TextFormat.TryRead(Encoding.Latin1.GetBytes("m{a=\"é\"} 1\n"), new TextReadOptions(NameScheme.Legacy, Lenient: true),
            new FamilySet(), out FormatError error));
        Assert.Contains("not UTF-8", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Strict_reader_says_what_the_reference_says() => Assert.Null(Refusal("{\"m\": 1}", lenient: false).Hint);

    private static FormatError Refusal(string body, bool lenient)
    {
        Assert.False(TextFormat.TryRead(
            Encoding.UTF8.GetBytes(body), new TextReadOptions(NameScheme.Legacy, lenient), new FamilySet(), out FormatError error));
        return error;
    }
}
