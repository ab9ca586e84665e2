using System.Text;

namespace Exposition.Engine.Tests;

/// <summary>Posts to a group are gathered into few blocks, and small ones never copy a large one.</summary>
public class GroupPackingTests
{
    private static readonly GroupingKey s_key = Harness.Key("job", "j");

    [Fact]
    public void Small_posts_leave_a_large_block_where_it_is()
    {
        var gateway = new Harness();
        gateway.Put(s_key, string.Concat(Enumerable.Range(0, 2000).Select(static i => $"large{{i=\"{i}\"}} 1\n")));
        byte[] block = Entry("large").TextBlock!;
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(PushStatus.Stored, gateway.Post(s_key, $"small{i % 20} {i}\n").Status);
            Assert.Same(block, Entry("large").TextBlock);
            Assert.InRange(Blocks(), 1, 9);
        }

        Assert.Equal("199", gateway.Value("small19{instance=\"\",job=\"j\"}"));
        Assert.Equal("180", gateway.Value("small0{instance=\"\",job=\"j\"}"));
        Assert.Contains("large{i=\"1999\",instance=\"\",job=\"j\"} 1\n", gateway.Text(), StringComparison.Ordinal);

        FamilyEntry Entry(string name) =>
            gateway.Group(s_key)!.Families.ToArray().Single(e => e.Name.Span.SequenceEqual(Encoding.ASCII.GetBytes(name)));

        int Blocks() => gateway.Group(s_key)!.Families.ToArray().Select(static e => e.TextBlock).Distinct().Count();
    }

    [Fact]
    public void A_block_of_mostly_nothing_goes()
    {
        var gateway = new Harness();
        gateway.Put(s_key, string.Concat(Enumerable.Range(0, 2000).Select(static i => $"large{{i=\"{i}\"}} 1\n")) + "kept 1\n");
        gateway.Post(s_key, "large 1\n");
        Assert.InRange(gateway.Group(s_key)!.BlockBytes, 1, 10_000);
        Assert.Equal("1", gateway.Value("kept{instance=\"\",job=\"j\"}"));
    }
}
