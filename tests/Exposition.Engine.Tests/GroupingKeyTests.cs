using FsCheck.Xunit;

namespace Exposition.Engine.Tests;

public sealed class GroupingKeyTests
{
    [Fact]
    public void Labels_are_sorted_and_the_last_of_a_name_counts()
    {
        GroupingKey key = GroupingKey.Create(("zone", "eu"), ("job", "a"), ("zone", "us"));
        Assert.Equal("{job=\"a\",zone=\"us\"}", key.ToString());
        Assert.Equal("job\u00FFa\u00FFzone\u00FFus", string.Concat(key.Bytes.ToArray().Select(static b => (char)b)));
    }

    [Fact]
    public void What_makes_no_key_is_told_with_what_was_given()
    {
        ArgumentException thrown = Assert.Throws<ArgumentException>(static () => GroupingKey.Create(("instance", "db1"), ("job", "")));
        Assert.StartsWith("a grouping key needs a label job with a value, and labels with names; got {instance=\"db1\",job=\"\"}",
            thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("job")]
    [InlineData("job|")]
    [InlineData("instance|a")]
    [InlineData("job|a|job|b")]
    [InlineData("zone|a|job|b")]
    [InlineData("|x|job|b")]
    [InlineData("job|a|x")]
    public void Bytes_that_are_not_canonical_are_refused(string piped) =>
        Assert.False(GroupingKey.TryCreate([.. piped.Select(static c => c == '|' ? GroupingKey.Separator : (byte)c)], out _));

    [Fact]
    public void Invalid_utf8_is_refused() => Assert.False(GroupingKey.TryCreate([.. "job"u8, 0xFF, 0xC3, 0x28], out _));

    [Property]
    public void Canonical_bytes_make_the_same_key_again(string[] values)
    {
        (string, string)[] labels = [.. values.Select(static (v, i) => ($"l{i:d3}", Clean(v))), ("job", "j")];
        GroupingKey key = GroupingKey.Create(labels);
        Assert.True(GroupingKey.TryCreate(key.Bytes, out GroupingKey? again));
        Assert.Equal(key, again);
        Assert.Equal(key.GetHashCode(), again.GetHashCode());
        int count = 0;
        foreach (GroupingLabel label in key.Labels)
        {
            string name = System.Text.Encoding.UTF8.GetString(label.Name);
            Assert.Contains((name, System.Text.Encoding.UTF8.GetString(label.Value)), labels);
            count++;
        }

        Assert.Equal(labels.Length, count);
    }

    private static string Clean(string? text) => string.Concat((text ?? "").EnumerateRunes().Select(static r => r.ToString()));
}
