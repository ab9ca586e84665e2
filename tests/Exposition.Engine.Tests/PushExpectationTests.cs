namespace Exposition.Engine.Tests;

/// <summary>Rules that say how often groups are pushed to.</summary>
public sealed class PushExpectationTests
{
    [Theory]
    [InlineData("26h", null)]
    [InlineData("{job=\"a\"}=26h", "{job=\"a\"}")]
    public void A_rule_is_read(string text, string? groups)
    {
        var rule = PushExpectation.Parse(text);
        Assert.Equal((groups, TimeSpan.FromHours(26)), (rule.Groups?.ToString(), rule.Within));
    }

    [Theory]
    [InlineData("{job=\"a\"}")]
    [InlineData("{job=\"a\"=1h")]
    [InlineData("x{job=\"a\"}=1h")]
    [InlineData("{job=\"a\"}=-1h")]
    [InlineData("{__name__=\"a\"}=1h")]
    public void What_is_no_rule_is_an_error(string text)
    {
        Assert.False(PushExpectation.TryParse(text, out _, out string? error));
        Assert.NotEmpty(error!);
        Assert.Throws<FormatException>(() => PushExpectation.Parse(text));
    }
}
