using Exposition.Engine.Memory;

namespace Exposition.Engine.Tests;

public sealed class LastLargeTests
{
    private readonly LastLarge<byte[]> _last = new();

    [Fact]
    public void The_last_one_is_kept_and_given_once()
    {
        byte[] first = new byte[1], second = new byte[2];
        _last.Put(first, 1, 1);
        _last.Put(second, 2, 2);
        Assert.Null(_last.TryTake(1));
        Assert.Equal(2, _last.Bytes);
        Assert.Same(second, _last.TryTake(2));
        Assert.Equal((0, null), (_last.Bytes, _last.TryTake()));
    }

    [Fact]
    public void It_goes_at_the_third_trim_and_with_it_what_nobody_else_has()
    {
        _last.Put(new byte[1], 1, 1);
        _last.Trim();
        _last.Trim();
        Assert.Equal(1, _last.Bytes);
        _last.Trim();
        Assert.Equal(0, _last.Bytes);
    }

    [Fact]
    public void What_is_a_large_part_of_all_memory_is_left_to_the_collector()
    {
        _last.Put(new byte[1], 1, GC.GetGCMemoryInfo(GCKind.Any).TotalAvailableMemoryBytes / 2);
        Assert.Null(_last.TryTake());
    }

    [Fact]
    public void A_pool_keeps_the_last_thing_that_is_larger_than_its_room()
    {
        var pool = new BlockPool(1 << 20);
        byte[] block = pool.Rent(8 << 20);
        pool.Return(block);
        Assert.Equal(block.Length, pool.Bytes);
        Assert.Same(block, pool.Rent(8 << 20));
        Assert.Equal(0, pool.Bytes);
    }
}
