namespace Exposition.Engine.Tests;

/// <summary>Which shard a group is in: recorded, as it must be the same in every version.</summary>
public sealed class ShardTests
{
    // Computed by the Python of docs/operating.md.
    [Theory]
    [InlineData("job=a", 5781384078114652166UL, 0, 2, 6, 6)]
    [InlineData("job=nightly_backup", 6207059045840741828UL, 0, 0, 8, 452)]
    [InlineData("job=flink,instance=tm-1", 352295775089550024UL, 0, 0, 4, 712)]
    [InlineData("zone=eu/1,job=ä", 6833495408899300134UL, 0, 2, 4, 806)]
    [InlineData("job=x,a=,b=y z", 8875482358425087386UL, 0, 2, 6, 410)]
    public void A_group_is_in_the_shard_that_was_recorded(string labels, ulong hash, int of2, int of4, int of10, int of1024)
    {
        GroupingKey key = Harness.Key([.. labels.Split(',').SelectMany(static label => label.Split('='))]);
        Assert.Equal(hash, Shard.HashOf(key));
        Assert.Equal((of2, of4, of10, of1024),
            (Shard.IndexOf(key, 2), Shard.IndexOf(key, 4), Shard.IndexOf(key, 10), Shard.IndexOf(key, 1024)));
        Assert.Equal(0, Shard.IndexOf(key, 1));
        Assert.True(new Shard(of10, 10).Contains(key));
        Assert.False(new Shard(of10 == 0 ? 1 : of10 - 1, 10).Contains(key));
    }

    [Theory]
    [InlineData("0/1", 0, 1)]
    [InlineData("3/4", 3, 4)]
    [InlineData("1023/1024", 1023, 1024)]
    [InlineData("007/09", 7, 9)]
    public void A_shard_is_read(string text, int index, int count)
    {
        var shard = Shard.Parse(text);
        Assert.Equal((index, count), (shard.Index, shard.Count));
        Assert.Equal(shard, Shard.Parse(shard.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("/")]
    [InlineData("1/")]
    [InlineData("/2")]
    [InlineData("2/2")]
    [InlineData("0/0")]
    [InlineData("0/1025")]
    [InlineData("-1/2")]
    [InlineData("+1/2")]
    [InlineData(" 1/2")]
    [InlineData("1/2 ")]
    [InlineData("1/2/3")]
    [InlineData("a/2")]
    [InlineData("0/99999999999999999999")]
    [InlineData("٠/٢")]
    public void What_is_no_shard_is_an_error(string text)
    {
        Assert.False(Shard.TryParse(text, out Shard? shard, out string? error));
        Assert.Null(shard);
        Assert.Equal("expected I/N with 0 <= I < N <= 1024", error);
        Assert.Throws<FormatException>(() => Shard.Parse(text));
    }

    [Fact]
    public void Numbers_that_name_no_shard_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shard(-1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shard(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shard(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shard(0, 1025));
    }

    [Fact]
    public void Shards_are_about_equal()
    {
        int[] groups = new int[16];
        for (int i = 0; i < 16_000; i++)
        {
            groups[Shard.IndexOf(Harness.Key("job", "j", "instance", $"host-{i}"), groups.Length)]++;
        }

        Assert.All(groups, static count => Assert.InRange(count, 850, 1150));
    }
}
