using Exposition.Engine.Consistency;

namespace Exposition.Engine.Tests;

/// <summary>What is kept of a long refusal.</summary>
public sealed class RefusalWordsTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(300)]
    [InlineData(5000)]
    public void Types_and_group_are_kept_of_a_sentence_of_any_length(int length)
    {
        var gateway = new Harness();
        GroupingKey old = Harness.Key("job", "old");
        gateway.Put(old, "# TYPE x counter\nx 1\n");
        GroupingKey key = Harness.Key("job", "new", "host", new string('h', length));
        string whole = gateway.Put(key, "# TYPE x gauge\nx 1\n").Error!;
        string reason = gateway.Group(key)!.LastFailure!.Reason;
        Assert.StartsWith("pushed metrics are invalid or inconsistent with existing metrics: ", reason, StringComparison.Ordinal);
        Assert.Equal("pushed as GAUGE, but group {job=\"old\"} has it as COUNTER", RefusalWords.In(reason));
        Assert.Equal(whole.Length <= PushFailure.MaxReason ? whole.Length : PushFailure.MaxReason + 3, reason.Length);
    }

    [Fact]
    public void Of_a_long_group_the_middle_is_left_out()
    {
        var gateway = new Harness();
        gateway.Put(Harness.Key("job", new string('j', 4000)), "# TYPE x counter\nx 1\n");
        GroupingKey key = Harness.Key("job", "new");
        gateway.Put(key, "# TYPE x gauge\nx 1\n");
        string words = RefusalWords.In(gateway.Group(key)!.LastFailure!.Reason)!;
        Assert.StartsWith("pushed as GAUGE, but group {job=\"jjj", words, StringComparison.Ordinal);
        Assert.EndsWith("jjj\"} has it as COUNTER", words, StringComparison.Ordinal);
    }

    [Fact]
    public void No_character_is_cut_in_two()
    {
        for (int shift = 0; shift < 4; shift++)
        {
            string faces = new string('a', shift) + string.Concat(Enumerable.Repeat("\U0001F600", 700));
            string cut = RefusalWords.Cut(faces + ": pushed as GAUGE, but " + faces + " has it as COUNTER", 500);
            Assert.Equal(cut, System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(cut)));
            Assert.InRange(cut.Length, 495, 503);
        }
    }
}
