using Exposition.Load.Measuring;

namespace Exposition.Load.Tests;

/// <summary>When a row is doubted.</summary>
public sealed class TrustTests
{
    private static readonly Noise s_quiet = new(Foreign: 0.02, Steal: 0, Generator: 0.4, Seconds: 10);

    [Fact]
    public void A_quiet_machine_that_keeps_the_rate_is_trusted() => Assert.Empty(Trust.Doubts(s_quiet, 100, 99.5, 0.1));

    [Fact]
    public void Each_doubt_says_what_was_seen()
    {
        Assert.Equal(["foreign CPU 0.35 cores"], Trust.Doubts(s_quiet with { Foreign = 0.35 }));
        Assert.Equal(["foreign CPU unknown"], Trust.Doubts(s_quiet with { Foreign = null }));
        Assert.Equal(["steal 0.05 cores"], Trust.Doubts(s_quiet with { Steal = 0.05 }));
        Assert.Equal(["generator busy 90 %"], Trust.Doubts(s_quiet with { Generator = 0.9 }));
        Assert.Equal(["generator late by 2.5 ms"], Trust.Doubts(s_quiet, 100, 100, 2.5));
        Assert.Equal(["rate not kept: 37.2/s"], Trust.Doubts(s_quiet, 5000, 37.2, 0.1));
        Assert.Equal(["rate not kept: 0/s"], Trust.Doubts(s_quiet, 5000));
    }

    [Fact]
    public void All_doubts_are_told() => Assert.Equal(5, Trust.Doubts(new Noise(1, 1, 1, 1), 100, 50, 30).Count);

    [Fact]
    public void Noise_is_what_neither_server_nor_generator_did()
    {
        long second = System.Diagnostics.Stopwatch.Frequency;
        var before = new CpuClock(0, Busy: 100, Steal: 5, Own: 10, Server: 0);
        var after = new CpuClock(10 * second, Busy: 116, Steal: 6, Own: 14, Server: 9);
        Noise noise = after.Since(before, generatorCores: 2);
        Assert.Equal(0.3, noise.Foreign!.Value, 9);
        Assert.Equal(0.1, noise.Steal!.Value, 9);
        Assert.Equal(0.2, noise.Generator, 9);
    }

    [Fact]
    public void Parts_count_by_their_time()
    {
        Noise noise = Noise.Of([new Noise(1, 0, 0.5, 1), new Noise(0, 0, 0.1, 3)]);
        Assert.Equal(0.25, noise.Foreign!.Value, 9);
        Assert.Equal(0.2, noise.Generator, 9);
        Assert.Null(Noise.Of([new Noise(1, 0, 0.5, 1), new Noise(null, 0, 0.1, 3)]).Foreign);
    }
}
