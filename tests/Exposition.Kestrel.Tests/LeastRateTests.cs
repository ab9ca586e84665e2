using Exposition.Kestrel.Pacing;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Kestrel.Tests;

public class LeastRateTests
{
    private readonly StoppedTime _time = new();

    [Fact]
    public void HasteAtTheStartEarnsNothingForLater()
    {
        LeastRate rate = Started(1000, TimeSpan.FromSeconds(30));
        rate.Count(64 << 20);
        Assert.Equal(TimeSpan.FromSeconds(30), rate.Left);
        for (int i = 0; i < 29; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            rate.Count(1);
            Assert.True(rate.Left > TimeSpan.Zero);
        }

        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.True(rate.Left <= TimeSpan.Zero);
    }

    [Fact]
    public void WithoutARateAllIsToBeDoneWithinTheWindow()
    {
        LeastRate rate = Started(0, TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromSeconds(20));
        rate.Count(1 << 30);
        Assert.Equal(TimeSpan.FromSeconds(10), rate.Left);
    }

    [Fact]
    public void WithoutAWindowThereIsTimeForEver()
    {
        LeastRate rate = Started(1000, TimeSpan.Zero);
        _time.Advance(TimeSpan.FromDays(400));
        rate.Count(1);
        Assert.Equal(Timeout.InfiniteTimeSpan, rate.Left);
    }

    [Fact]
    public void WaitingThatIsNotTheSendersIsExcused()
    {
        LeastRate rate = Started(1000, TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromSeconds(60));
        rate.Excuse(TimeSpan.FromSeconds(50));
        Assert.Equal(TimeSpan.FromSeconds(20), rate.Left);
    }

    [Fact]
    public void ThePresentRateForgetsWhatWasBefore()
    {
        LeastRate rate = Started(1000, TimeSpan.FromSeconds(30));
        rate.Count(1_000_000);
        Assert.Equal(double.PositiveInfinity, rate.BytesPerSecond);
        _time.Advance(TimeSpan.FromSeconds(2.5));
        Assert.Equal(400_000, rate.BytesPerSecond, 1.0);
        for (int i = 0; i < 8; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            rate.Count(500);
        }

        Assert.InRange(rate.BytesPerSecond, 400, 600);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, rate.BytesPerSecond);
    }

    /// <summary>
    /// Whoever keeps the rate in every second is never ended; and whoever is not ended has, over any stretch of time, moved what the rate
    /// asks for less one window's worth.
    /// </summary>
    [Property(MaxTest = 300)]
    public Property TheRateHoldsOverEveryStretchOfTime() => Prop.ForAll(
        Gen.Elements(0, 1, 900, 999, 1000, 1500, 20_000, 1_000_000).ArrayOf(60).ToArbitrary(),
        perSecond =>
        {
            const int least = 1000, window = 10;
            LeastRate rate = Started(least, TimeSpan.FromSeconds(window));
            int lived = 0;
            for (; lived < perSecond.Length && rate.Left > TimeSpan.Zero; lived++)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                if (rate.Left < TimeSpan.Zero)
                {
                    break;
                }

                rate.Count(perSecond[lived]);
            }

            for (int from = 0; from < lived; from++)
            {
                long moved = 0;
                for (int to = from; to < lived - 1; to++)
                {
                    moved += perSecond[to];
                    Assert.True(moved >= (to + 1 - from - window) * (long)least, $"seconds {from} to {to}: {moved} bytes");
                }
            }

            Assert.True(lived == perSecond.Length || perSecond.Any(static bytes => bytes < least));
        });

    private LeastRate Started(int bytesPerSecond, TimeSpan window)
    {
        var rate = new LeastRate(_time, bytesPerSecond, window);
        rate.Start(_time.GetTimestamp());
        return rate;
    }
}
