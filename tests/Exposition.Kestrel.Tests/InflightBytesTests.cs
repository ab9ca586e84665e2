using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Pacing;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Kestrel.Tests;

public class InflightBytesTests
{
    private const long Limit = 16 << 20;
    private const int Large = 1 << 20;
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    private readonly StoppedTime _time = new();
    private readonly List<BodyClaim> _interrupted = [];

    [Fact]
    public void TheSeatBeyondTheLimitIsGivenBackWhenUseIsBackWithinIt()
    {
        var all = new InflightBytes(Limit, _time);
        BodyClaim a = Claim(all), b = Claim(all), c = Claim(all);
        Assert.True(a.TryTake(Limit));
        Assert.True(b.TryTake(Large));
        Assert.True(b.TryTake(Large));
        Assert.False(c.TryTake(Large));
        a.GiveBack(3 * Large);

        // b holds as much as before and is within the limit: the next that goes beyond may be another.
        Assert.True(c.TryTake(4 * Large));
        Assert.False(b.TryTake(Large));
    }

    [Fact]
    public void SmallBodiesHaveAReserve()
    {
        var all = new InflightBytes(Limit, _time);
        BodyClaim large = Claim(all), over = Claim(all);
        Assert.True(large.TryTake(Limit));
        Assert.True(over.TryTake(Limit));
        for (long taken = 0; taken < all.Reserve; taken += 64 << 10)
        {
            Assert.True(Claim(all).TryTake(64 << 10));
        }

        Assert.False(Claim(all).TryTake(1));
        Assert.False(large.TryTake(1));
    }

    [Fact]
    public async Task WhatBecomesFreeIsForTheFirstWhoWaits()
    {
        var all = new InflightBytes(Limit, _time);
        BodyClaim holder = Claim(all), over = Claim(all), first = Claim(all), second = Claim(all), newcomer = Claim(all);
        Assert.True(holder.TryTake(Limit));
        Assert.True(over.TryTake(Large));
        Assert.False(first.TryTake(2 * Large));
        Assert.False(second.TryTake(Large));
        Task<bool> one = first.WaitAsync(s_long).AsTask(), two = second.WaitAsync(s_long).AsTask();
        over.GiveBack(Large);

        // The one who goes over is now the first; what is given back until use is within the limit helps nobody else.
        Assert.True(await one.WaitAsync(s_long, TestContext.Current.CancellationToken));
        holder.GiveBack(2 * Large);
        Assert.False(newcomer.TryTake(Large));
        Assert.False(two.IsCompleted);
        holder.GiveBack(Large);
        Assert.True(await two.WaitAsync(s_long, TestContext.Current.CancellationToken));
        Assert.True(first.TryTake(2 * Large));
        Assert.True(second.TryTake(Large));
        Assert.Equal(Limit, all.Used);
        first.GiveBack(2 * Large);
        second.GiveBack(Large);
        holder.GiveBack(Limit - (3 * Large));
        Assert.Equal((0, 0), (all.Used, all.Waiting));
    }

    /// <summary>Not who has sent least, not who waits himself, and nobody who will be done in time.</summary>
    [Fact]
    public async Task WhoWouldBeDoneLastIsEndedForOneWhoWaits()
    {
        var all = new InflightBytes(Limit, _time);
        (BodyClaim quick, LeastRate quickPace) = Sender(all);
        (BodyClaim slow, LeastRate slowPace) = Sender(all);
        (BodyClaim slower, LeastRate slowerPace) = Sender(all);
        (BodyClaim complete, _) = Sender(all);
        foreach (BodyClaim claim in (BodyClaim[])[quick, slow, slower, complete])
        {
            Assert.True(claim.TryTake(Limit / 4));
        }

        for (int second = 0; second < 5; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            quickPace.Count(Large);
            slowPace.Count(3000);
            slowerPace.Count(2000);
        }

        quick.AwaitInput(8 * Large);
        slow.AwaitInput(Large);
        slower.AwaitInput(Large);
        BodyClaim over = Claim(all), newcomer = Claim(all);
        Assert.True(over.TryTake(Large));
        Assert.False(newcomer.TryTake(Large));
        Task<bool> waiting = newcomer.WaitAsync(TimeSpan.FromSeconds(30)).AsTask();
        Assert.Equal([slower], _interrupted);
        Assert.True(slower.IsEnded);
        Assert.False(waiting.IsCompleted);
        slower.GiveBack(Limit / 4);
        Assert.False(slower.IsEnded);
        Assert.True(await waiting.WaitAsync(s_long, TestContext.Current.CancellationToken));
        Assert.Equal([slower], _interrupted);
    }

    [Fact]
    public async Task WhoHasWaitedInVainIsToldSo()
    {
        var all = new InflightBytes(Limit, TimeProvider.System);
        BodyClaim holder = Claim(all), over = Claim(all), third = Claim(all);
        Assert.True(holder.TryTake(Limit));
        Assert.True(over.TryTake(Large));
        Assert.False(third.TryTake(Large));
        Assert.False(await third.WaitAsync(TimeSpan.FromMilliseconds(10)));
        Assert.Equal(0, all.Waiting);
        over.GiveBack(Large);
        Assert.Equal(Limit, all.Used);
    }

    /// <summary>
    /// However requests take, wait, give back and break off: use is what they hold, never too much, and none of it stays.
    /// </summary>
    [Property(MaxTest = 200)]
    public Property NothingLeaksAndTheLimitHolds() => Prop.ForAll(
        (from who in Gen.Choose(0, 5)
         from what in Gen.Choose(0, 5)
         from bytes in Gen.Elements(1L, 4096, 64 << 10, 200 << 10, Large, 5 * Large, Limit)
         select (Who: who, What: what, Bytes: bytes)).ArrayOf(80).ToArbitrary(),
        steps =>
        {
            var all = new InflightBytes(Limit, _time);
            BodyClaim[] claims = [.. Enumerable.Range(0, 6).Select(_ => Claim(all))];
            var held = new long[claims.Length];
            var waiting = new Task<bool>?[claims.Length];
            var granted = new long[claims.Length];
            foreach ((int who, int what, long bytes) in steps)
            {
                if (Waits(who))
                {
                    continue;
                }

                switch (what)
                {
                    case 0 when held[who] > 0:
                        long back = Math.Min(bytes, held[who]);
                        claims[who].GiveBack(back);
                        held[who] -= back;
                        break;
                    case 1:
                        EndRequest(who);
                        break;
                    default:
                        if (claims[who].TryTake(bytes))
                        {
                            held[who] += bytes;
                        }
                        else if (what > 3)
                        {
                            granted[who] = claims[who].Granted;
                            waiting[who] = claims[who].WaitAsync(s_long).AsTask();
                        }

                        break;
                }

                Assert.Equal(claims.Sum(static claim => claim.Held), all.Used);
                Assert.All(claims.Zip(held), static pair => Assert.Equal(pair.Second, pair.First.Held - pair.First.Granted));
                Assert.Contains(claims, claim => all.Used - claim.Held <= Limit + all.Reserve);
            }

            // Each end lets others go on, until nobody is left.
            for (int round = 0; round < claims.Length; round++)
            {
                for (int who = 0; who < claims.Length; who++)
                {
                    if (!Waits(who))
                    {
                        EndRequest(who);
                    }
                }
            }

            Assert.Equal((0, 0), (all.Used, all.Waiting));

            // What was granted is known at once, and told a little later.
            bool Waits(int who)
            {
                if (waiting[who] is { } wait && claims[who].Granted == granted[who] && !wait.IsCompleted)
                {
                    return true;
                }

                Assert.NotEqual(false, waiting[who]?.WaitAsync(s_long).GetAwaiter().GetResult());
                waiting[who] = null;
                return false;
            }

            void EndRequest(int who)
            {
                claims[who].GiveBack(held[who]);
                held[who] = 0;
                claims[who].End();
            }
        });

    [Fact]
    public async Task NothingLeaksWhereManyComeAndGoAtOnce()
    {
        var all = new InflightBytes(Limit, TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(
            async () =>
            {
                var random = new Random(seed);
                BodyClaim claim = Claim(all);
                for (int i = 0; i < 300; i++)
                {
                    using var body = new PooledBody(claim);
                    int size = random.Next(1, 4 * Large);
                    if (body.TryReserve(size) || (
                        await claim.WaitAsync(TimeSpan.FromMilliseconds(random.Next(3))) && random.Next(2) == 0 && body.TryReserve(size)))
                    {
                        body.Advance(size);
                    }

                    body.Dispose();
                    claim.End();
                }
            },
            TestContext.Current.CancellationToken)));
        Assert.Equal((0, 0), (all.Used, all.Waiting));
    }

    private (BodyClaim Claim, LeastRate Pace) Sender(InflightBytes all)
    {
        var pace = new LeastRate(_time, 1000, TimeSpan.FromSeconds(30));
        pace.Start(_time.GetTimestamp());
        BodyClaim claim = null!;
        claim = new BodyClaim(all, pace, () => _interrupted.Add(claim));
        return (claim, pace);
    }

    private static BodyClaim Claim(InflightBytes all) => new(all);
}
