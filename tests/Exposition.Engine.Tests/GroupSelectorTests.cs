namespace Exposition.Engine.Tests;

/// <summary>Selectors read and match as those of PromQL do.</summary>
public sealed class GroupSelectorTests
{
    private static readonly GroupingKey s_key = Harness.Key("job", "flink-tm", "instance", "a\nb", "zone", "");

    // A search asks of each group of a million.
    [Fact]
    public void To_match_allocates_nothing()
    {
        GroupSelector selector = GroupSelector.Parse("{job=~\"flink.*\",instance!~\".*7\"}");
        int matches = 0;
        long least = long.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                matches += selector.Matches(s_key) ? 1 : 0;
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal((1000, 0), (matches, least));
        Assert.True(GroupSelector.Parse("{job=~\"x+é\"}").Matches(Harness.Key("job", new string('x', 5000) + "é")));
    }

    [Theory]
    [InlineData("{}", true)]
    [InlineData("{job=\"flink-tm\"}", true)]
    [InlineData("{job=\"flink\"}", false)]
    [InlineData("{job!=\"flink\"}", true)]
    [InlineData("{job!=\"flink-tm\"}", false)]
    [InlineData("{job=~\"flink.*\"}", true)]
    [InlineData("{job=~\"flink\"}", false)]
    [InlineData("{job=~\"link.*\"}", false)]
    [InlineData("{job=~\"x|flink-tm\"}", true)]
    [InlineData("{job=~\"flink|tm\"}", false)]
    [InlineData("{job!~\"flink.*\"}", false)]
    [InlineData("{job!~\"beam.*\"}", true)]
    [InlineData("{job=~\"(?i)FLINK-TM\"}", true)]
    [InlineData("{instance=~\"a.b\"}", true)]
    [InlineData("{instance=~\"a\"}", false)]
    [InlineData("{instance=\"a\\nb\"}", true)]
    [InlineData("{missing=\"\"}", true)]
    [InlineData("{missing!=\"\"}", false)]
    [InlineData("{missing=~\".+\"}", false)]
    [InlineData("{missing=~\".*\"}", true)]
    [InlineData("{zone=\"\"}", true)]
    [InlineData(" { job = 'flink-tm' , zone != `x\\` , } ", true)]
    [InlineData("{job=\"flink-tm\",job!=\"flink-tm\"}", false)]
    [InlineData("{'job'=\"flink-tm\"}", true)]
    [InlineData("{job=\"\\u0066link-tm\"}", true)]
    public void Matches_as_PromQL_does(string text, bool expected)
    {
        GroupSelector selector = GroupSelector.Parse(text);
        Assert.Equal(expected, selector.Matches(s_key));
        Assert.Equal(expected, GroupSelector.Parse(selector.ToString()).Matches(s_key));
        Assert.Equal(selector.ToString(), GroupSelector.Parse(selector.ToString()).ToString());
    }

    [Theory]
    [InlineData("", "selector, character 1: expected '{'")]
    [InlineData("job=\"a\"", "selector, character 1: expected '{'")]
    [InlineData("x{job=\"a\"}", "selector, character 1: expected '{'")]
    [InlineData("{", "selector, character 2: expected a label name or '}'")]
    [InlineData("{job}", "selector, character 5: expected '=', '!=', '=~' or '!~'")]
    [InlineData("{job!\"a\"}", "selector, character 6: expected '!=' or '!~'")]
    [InlineData("{job==\"a\"}", "selector, character 6: expected a quoted value")]
    [InlineData("{job=a}", "selector, character 6: expected a quoted value")]
    [InlineData("{job=\"a}", "selector, character 6: string without an end")]
    [InlineData("{job=\"a\n\"}", "selector, character 6: string without an end")]
    [InlineData("{job=\"\\q\"}", "selector, character 8: unknown escape \\q")]
    [InlineData("{job=\"\\uD800\"}", "selector, character 8: expected 4 hexadecimal digits of a character")]
    [InlineData("{job=\"a\"", "selector, character 9: expected ',' or '}'")]
    [InlineData("{job=\"a\" zone=\"b\"}", "selector, character 10: expected ',' or '}'")]
    [InlineData("{,}", "selector, character 2: expected a label name or '}'")]
    [InlineData("{job=\"a\"} x", "selector, character 11: expected nothing after '}'")]
    [InlineData("{0job=\"a\"}", "selector, character 2: expected a label name or '}'")]
    [InlineData("{\"\"=\"a\"}", "selector, character 4: label name is empty")]
    [InlineData("{job=~\"(\"}", "selector, character 7: regular expression: ")]
    [InlineData("{job=~\"a)(b\"}", "selector, character 7: regular expression: ")]
    [InlineData("{job=~\"(a)\\\\1\"}", "selector, character 7: regular expression: ")]
    [InlineData("{job=~\"(?=a)\"}", "selector, character 7: regular expression: ")]
    [InlineData("{job=~\"((a{1000}){1000}){1000}\"}", "selector, character 7: regular expression: ")]
    [InlineData("{job=~\"[[:alpha:]]\"}", "selector, character 7: character classes such as [[:alpha:]] are not supported")]
    public void What_is_wrong_is_said_with_its_place(string text, string error)
    {
        Assert.False(GroupSelector.TryParse(text, out GroupSelector? selector, out string? actual));
        Assert.Null(selector);
        Assert.StartsWith(error, actual, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => GroupSelector.Parse(text));
    }

    [Fact]
    public void Length_and_number_of_matchers_are_limited()
    {
        string Selector(int matchers) => "{" + string.Concat(Enumerable.Repeat("a=\"b\",", matchers)) + "}";
        Assert.Equal(GroupSelector.MaxMatchers, GroupSelector.Parse(Selector(GroupSelector.MaxMatchers)).Count);
        Assert.False(GroupSelector.TryParse(Selector(GroupSelector.MaxMatchers + 1), out _, out string? error));
        Assert.Contains("more than 32 matchers", error, StringComparison.Ordinal);
        Assert.False(GroupSelector.TryParse("{a=\"" + new string('b', GroupSelector.MaxLength) + "\"}", out _, out error));
        Assert.Equal("selector is longer than 4096 characters", error);
    }
}
