using Exposition.Formats.Go;

namespace Exposition.Gateway.Tests;

public class GoDurationTests
{
    [Theory]
    [InlineData("0", "0s")]
    [InlineData("5m", "5m0s")]
    [InlineData("250ms", "250ms")]
    [InlineData("1.5h", "1h30m0s")]
    [InlineData("2h45m", "2h45m0s")]
    [InlineData("90s", "1m30s")]
    [InlineData("1d", "24h0m0s")]
    [InlineData("1w2d", "216h0m0s")]
    [InlineData("-1.5s", "-1.5s")]
    [InlineData("+.5s", "500ms")]
    [InlineData("1500us", "1.5ms")]
    [InlineData("1500ns", "1.5µs")]
    [InlineData("3µs", "3µs")]
    [InlineData("1.0000000019s", "1.000000001s")]
    [InlineData("7ns", "7ns")]
    public void Reads_and_shows(string text, string shown) => Assert.Equal(shown, GoDuration.Format(GoDuration.ParseNanoseconds(text)));

    [Theory]
    [InlineData("", "time: invalid duration \"\"")]
    [InlineData("-", "time: invalid duration \"-\"")]
    [InlineData("abc", "time: invalid duration \"abc\"")]
    [InlineData(".s", "time: invalid duration \".s\"")]
    [InlineData("5", "time: missing unit in duration \"5\"")]
    [InlineData("1h5", "time: missing unit in duration \"1h5\"")]
    [InlineData("5x", "time: unknown unit \"x\" in duration \"5x\"")]
    [InlineData("1M", "time: unknown unit \"M\" in duration \"1M\"")]
    [InlineData("999999999999h", "time: invalid duration \"999999999999h\"")]
    public void Refuses(string text, string error) =>
        Assert.Equal(error, Assert.Throws<FormatException>(() => GoDuration.ParseNanoseconds(text)).Message);
}
