using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Machine;
using Exposition.Kestrel;

namespace Exposition.Gateway.Tests;

/// <summary>What is kept beside stored metrics fits into a quarter of the container.</summary>
public sealed class MemoryBudgetsTests
{
    private const long Mebibyte = 1 << 20;

    [Theory]
    [InlineData(0, 0, 1024, 1024, 256, 128)]
    [InlineData(64L << 10, 32L << 10, 1024, 1024, 256, 128)]
    [InlineData(9728, 4864, 1024, 1024, 256, 128)]
    [InlineData(9727, 4863.5, 1023, 1023, 255, 127)]
    [InlineData(1024, 512, 107, 107, 26, 13)]
    [InlineData(128, 64, 13, 13, 3, 1)]
    [InlineData(1, 0.5, 1, 1, 1, 1)]
    public void They_shrink_alike_to_a_quarter_of_the_container(
        long container, double stored, long inflight, long held, long shapes, long bundles)
    {
        var options = new ExpositionOptions();
        MemoryBudgets.Fit(options, container * Mebibyte);
        Assert.Equal(((long)(stored * Mebibyte), inflight, held, shapes, bundles), (options.MaxStoredBytes,
            options.MaxInflightBytes / Mebibyte, options.MaxHeldBytes / Mebibyte, options.ShapeCacheBytes / Mebibyte,
            options.BundleCacheBytes / Mebibyte));
        if (container >= 16)
        {
            Assert.InRange(inflight + held + shapes + bundles, 0, container / 4);
        }
    }

    [Fact]
    public void Help_shows_those_that_hold_and_a_flag_goes_before()
    {
        Flags flags = Flags.Parse(["--limit.held-bytes=1GiB"], container: 1L << 30);
        Assert.Equal("=107MiB", flags.Table.Single(static flag => flag.Name == "limit.inflight-bytes").Shown);
        Assert.Equal(("107MiB", "1GiB"), (flags.Shown()["limit.inflight-bytes"], flags.Shown()["limit.held-bytes"]));
    }
}
