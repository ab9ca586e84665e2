using System.Buffers;
using Exposition.Kestrel.Raw;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Kestrel.Tests;

public class LargeBlockPoolTests
{
    [Fact]
    public void A_returned_block_is_used_again()
    {
        using MemoryPool<byte> pool = new LargeBlockPoolFactory().Create();
        IMemoryOwner<byte> first = pool.Rent();
        Assert.Equal(LargeBlockPool.BlockBytes, first.Memory.Length);
        first.Dispose();
        IMemoryOwner<byte> second = pool.Rent(LargeBlockPool.BlockBytes);
        Assert.Same(first, second);
        Assert.NotSame(second, pool.Rent());
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(LargeBlockPool.BlockBytes + 1));
    }

    [Fact]
    public void A_block_that_is_returned_twice_is_handed_out_once()
    {
        using var pool = new LargeBlockPool();
        IMemoryOwner<byte> block = pool.Rent();
        block.Dispose();
        block.Dispose();
        Assert.Equal(1, pool.Unused);
        Assert.NotSame(pool.Rent(), pool.Rent());
    }

    [Fact]
    public void Unused_blocks_are_bounded()
    {
        using var pool = new LargeBlockPool();
        IMemoryOwner<byte>[] blocks = [.. Enumerable.Range(0, 100).Select(_ => pool.Rent())];
        Array.ForEach(blocks, static block => block.Dispose());
        Assert.Equal(64, pool.Unused);
        pool.Dispose();
        blocks[0].Dispose();
        Assert.Equal(64, pool.Unused);
    }

    [Fact]
    public void When_many_large_blocks_are_taken_small_ones_do()
    {
        using var pool = new LargeBlockPool(mostLarge: 3);
        List<IMemoryOwner<byte>> blocks = [.. Enumerable.Range(0, 5).Select(_ => pool.Rent(LargeBlockPool.SmallBytes))];
        Assert.Equal([LargeBlockPool.BlockBytes, LargeBlockPool.BlockBytes, LargeBlockPool.BlockBytes, LargeBlockPool.SmallBytes,
            LargeBlockPool.SmallBytes], blocks.Select(static block => block.Memory.Length));
        Assert.Equal(LargeBlockPool.BlockBytes, pool.Rent(LargeBlockPool.SmallBytes + 1).Memory.Length);
        blocks[0].Dispose();
        blocks[1].Dispose();
        Assert.Equal(LargeBlockPool.BlockBytes, pool.Rent().Memory.Length);
        Assert.Equal(LargeBlockPool.SmallBytes, pool.Rent().Memory.Length);
        blocks[4].Dispose();
        Assert.Same(blocks[4], pool.Rent());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_host_receives_into_them_if_it_asks_for_it(bool wanted)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddExposition();
        if (wanted)
        {
            builder.WebHost.UseExpositionReceiveBlocks();
        }

        using ServiceProvider services = builder.Services.BuildServiceProvider();
        Assert.Equal(wanted, services.GetRequiredService<IMemoryPoolFactory<byte>>() is LargeBlockPoolFactory);
    }
}
