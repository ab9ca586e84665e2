using System.Runtime;
using Exposition.Persistence.Loading;

namespace Exposition.Gateway.Tests;

/// <summary>What other tests allocate, or collect, must not come into it.</summary>
[CollectionDefinition(nameof(LoadingHeapTests), DisableParallelization = true)]
public sealed class LoadingHeapAlone;

/// <summary>While groups are loaded nothing is collected, where there is memory enough.</summary>
[Collection(nameof(LoadingHeapTests))]
public sealed class LoadingHeapTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Nothing_is_collected_while_a_large_file_is_loaded()
    {
        Resize(100 << 20);
        using (LoadingHeap.For(_file))
        {
            int before = GC.CollectionCount(0);
            for (int i = 0; i < 20_000; i++)
            {
                GC.KeepAlive(new byte[10_000]);
            }

            Assert.Equal(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
            Assert.Equal(before, GC.CollectionCount(0));
        }

        Assert.NotEqual(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
    }

    [Fact]
    public void More_than_was_foreseen_is_collected_as_ever()
    {
        Resize(30 << 20);
        using (LoadingHeap.For(_file))
        {
            for (int i = 0; i < 100_000; i++)
            {
                GC.KeepAlive(new byte[10_000]);
            }
        }

        Assert.NotEqual(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1L << 42)]
    public void A_file_that_is_small_or_larger_than_the_memory_is_loaded_with_collections(long bytes)
    {
        Resize(bytes);
        using (LoadingHeap.For(_file))
        {
            Assert.NotEqual(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("missing/file")]
    public void A_file_that_is_not_there_is_no_error(string file)
    {
        using (LoadingHeap.For(file))
        {
            Assert.NotEqual(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
        }
    }

    private void Resize(long bytes)
    {
        using FileStream file = File.OpenWrite(_file);
        file.SetLength(bytes);
    }
}
