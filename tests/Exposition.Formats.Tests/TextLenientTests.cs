using System.Text;

namespace Exposition.Formats.Tests;

public class TextLenientTests
{
    [Theory]
    [InlineData("foo 1\r\n")]
    [InlineData("foo 1 \n")]
    [InlineData("foo 1\t \r\n")]
    [InlineData("foo 1")]
    [InlineData("foo 1 ")]
    [InlineData("foo{} 1\r\n\r\n  \r\n")]
    [InlineData("# a comment\r\nfoo 1\r\n# the end\r\n")]
    [InlineData("#\r\nfoo 1\r\n#\r\n")]
    [InlineData("#\r\n# HELP\r\nfoo 1")]
    [InlineData("# HELP foo\r\n# TYPE foo \r\n# HELP\r\n# TYPE \r\nfoo 1\n# HELP foo\r\n")]
    [InlineData("# TYPE foo untyped\r\nfoo 1\n")]
    [InlineData("# TYPE foo untyped \t\nfoo 1\n")]
    [InlineData("# TYPE foo untyped \r\nfoo 1\n# TYPE bar gauge\r\n")]
    [InlineData("{foo} 1\r\n")]
    public void Line_ends_of_other_worlds_are_taken(string body)
    {
        Assert.Equal(TextDump.Of(Read("foo 1\n", lenient: false)), TextDump.Of(Read(body, lenient: true)));
        Assert.False(TextFormat.TryRead(Encoding.UTF8.GetBytes(body + (body.EndsWith('\n') ? "" : "x")), default, new FamilySet(), out _));
    }

    [Theory]
    [InlineData("foo 1 5\r\n")]
    [InlineData("foo 1 5 \n")]
    [InlineData("foo 1\t5 \t\r\n")]
    [InlineData("foo 1 5")]
    [InlineData("foo 1 5 ")]
    public void They_are_taken_after_a_timestamp(string body) =>
        Assert.Equal(TextDump.Of(Read("foo 1 5\n", lenient: false)), TextDump.Of(Read(body, lenient: true)));

    [Theory]
    [InlineData("# HELP foo two words \r\nfoo 1\n", "two words ")]
    [InlineData("# HELP foo a\\nb\\\\ \r\nfoo 1\n", "a\nb\\ ")]
    [InlineData("# HELP foo a\rb\r\r\nfoo 1\n", "a\rb\r")]
    [InlineData("foo 1\n# HELP foo last\r\n", "last")]
    public void Help_keeps_its_blanks_and_loses_the_carriage_return(string body, string help)
    {
        FamilySet set = Read(body, lenient: true);
        Assert.Equal(help, Encoding.UTF8.GetString(set.Text(set.Families[0].Help)));
    }

    [Theory]
    [InlineData("foo 1\r", "line 1: expected float as value, got \"1\\r\"")]
    [InlineData("foo 1\r\r\n", "line 1: expected float as value, got \"1\\r\"")]
    [InlineData("foo\r\n", "line 1: expected float as value, got \"\"")]
    [InlineData("\n\rfoo 1\n", "line 2: invalid metric name")]
    [InlineData("foo", "line 1: unexpected end of input stream")]
    [InlineData("foo ", "line 1: unexpected end of input stream")]
    [InlineData("foo{a=\"b\"}", "line 1: unexpected end of input stream")]
    [InlineData("foo{a=\"b", "line 1: unexpected end of input stream")]
    [InlineData("foo{a=\"b\r\n\"} 1\n", "line 1: label value \"b\\r\" contains unescaped new-line")]
    [InlineData("foo{a\r\n", "line 1: expected '=' after label name, found '\\r'")]
    [InlineData("foo 1 5 x\n", "line 1: spurious string after timestamp: \" x\"")]
    [InlineData("foo 1 x\r\n", "line 1: expected integer as timestamp, got \"x\"")]
    [InlineData("# TYPE foo gauge x\r\n", "line 1: unknown metric type \"gauge x\"")]
    [InlineData("# HELP foo x\\", "line 1: unexpected end of input stream")]
    public void What_has_no_plain_meaning_is_still_refused(string body, string error) => AssertRefused(body, error);

    [Theory]
    [InlineData("#")]
    [InlineData("# ")]
    [InlineData("# a comment")]
    [InlineData("# HELP")]
    [InlineData("# HELP ")]
    [InlineData("# HELP foo")]
    [InlineData("# HELP foo ")]
    [InlineData("# HELP foo bar")]
    [InlineData("# HELP foo bar\r")]
    [InlineData("# TYPE foo")]
    [InlineData("# TYPE foo gauge")]
    [InlineData("# EOF")]
    public void Body_that_ends_in_a_comment_without_a_line_end_is_refused(string comment)
    {
        AssertRefused(comment, "line 1: unexpected end of input stream");
        AssertRefused("foo 1\n" + comment, "line 2: unexpected end of input stream");
        AssertRefused("foo 1\r\n" + comment, "line 2: unexpected end of input stream");
        Assert.Single(Read("foo 1\n" + comment.TrimEnd('\r') + "\n", lenient: true).Families.ToArray());
    }

    // What `echo $(cat FILE)` makes of a file whose first line is a comment. Plain comments and families without a sample are ordinary
    // pushes.
    [Theory]
    [InlineData("# HELP foo x # TYPE foo gauge foo 1\n", 1)]
    [InlineData("\n  # HELP bar x # TYPE foo gauge foo 1\n", 2)]
    [InlineData("# TYPE foo gauge\n# see also # TYPE bar gauge bar 1\n", 2)]
    public void Comment_that_has_swallowed_all_samples_is_refused(string body, int line)
    {
        AssertRefused(body, $"line {line}: no sample, and a comment holds another HELP or TYPE");
        Assert.Single(Read(body + "bar 1\n", lenient: true).Families.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("# nothing to report\n")]
    [InlineData("# HELP foo x\n# TYPE foo gauge\n")]
    public void Empty_push_is_a_push(string body) => Assert.Empty(Read(body, lenient: true).Families.ToArray());

    private static void AssertRefused(string body, string error)
    {
        Assert.False(TextFormat.TryRead(
            Encoding.UTF8.GetBytes(body), new TextReadOptions(NameScheme.Legacy, Lenient: true), new FamilySet(), out FormatError actual));
        Assert.Equal("text format parsing error in " + error, (actual with { Hint = null }).ToString());
    }

    private static FamilySet Read(string body, bool lenient)
    {
        var set = new FamilySet();
        Assert.True(TextFormat.TryRead(
            Encoding.UTF8.GetBytes(body), new TextReadOptions(NameScheme.Legacy, lenient), set, out FormatError error), error.ToString());
        return set;
    }
}
