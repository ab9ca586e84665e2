using System.Diagnostics;
using Exposition.Engine.Explore;

namespace Exposition.Engine.Tests.Concurrency;

/// <summary>
/// Random operations by threads that really run at once, slowed down at random steps of the store; the histories that they record must be
/// linearizable.
/// </summary>
public sealed class HistoryTests
{
    private const int Threads = Recorder.Threads;
    private const int OperationsPerRound = 12;

    // Long runs by hand.
    private static readonly double s_seconds = double.TryParse(
        Environment.GetEnvironmentVariable("EXPOSITION_HISTORY_SECONDS"), out double seconds) ? seconds : 4;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    [ThreadStatic]
    private static Random? s_noise;

    [Fact]
    public void Recorded_histories_are_linearizable()
    {
        (string? wrong, int rounds, long steady) = Record(StoreFaults.None, TimeSpan.FromSeconds(s_seconds), Environment.TickCount);
        Assert.Null(wrong);
        TestContext.Current.SendDiagnosticMessage(
            $"{rounds} histories of {Threads * OperationsPerRound} operations, {steady} steady pushes");
        Assert.True(IsEnough(rounds, steady), $"only {rounds} rounds with {steady} steady pushes");
    }

    [Theory]
    [InlineData(StoreFaults.StampsEarly)]
    [InlineData(StoreFaults.StampsLate)]
    [InlineData(StoreFaults.IgnoresStamps)]
    [InlineData(StoreFaults.ReusesBlocksBlindly)]
    [InlineData(StoreFaults.ReusesSnapshotsBlindly)]
    [InlineData(StoreFaults.CutsBlindly)]
    [InlineData(StoreFaults.ClosesLate)]
    [InlineData(StoreFaults.TakesSilently)]
    internal void A_fault_is_found(StoreFaults fault)
    {
        (string? wrong, int rounds, _) = Record(fault, s_patience, seed: 1);
        Assert.True(wrong is not null, $"{rounds} rounds");
        TestContext.Current.SendDiagnosticMessage($"{fault}: found in round {rounds}: {wrong.Split('\n')[0]}");
    }

    private static bool IsEnough(int rounds, long steady) => rounds > 20 && steady > 100;

    private static (string? Wrong, int Rounds, long Steady) Record(StoreFaults faults, TimeSpan limit, int seed)
    {
        long started = Stopwatch.GetTimestamp();
        int rounds = 0;
        long steady = 0;
        Explored.Hook = static _ => Hesitate();
        using IDisposable planted = Explored.Plant(faults);
        try
        {
            // On a busy machine until enough has happened to say something.
            while (Stopwatch.GetElapsedTime(started) is var elapsed
                && (elapsed < limit || (faults == StoreFaults.None && !IsEnough(rounds, steady) && elapsed < s_patience)))
            {
                var recorder = new Recorder(withFeed: true);
                recorder.Warm(0, 2, 3);
                for (int i = 0; i < 10; i++)
                {
                    rounds++;
                    int round = rounds;
                    string?[] failed = new string?[Threads];
                    Thread[] threads = [.. Enumerable.Range(0, Threads).Select(
                        thread => new Thread(() => failed[thread] = Operate(recorder, thread, HashCode.Combine(seed, round, thread))))];
                    Array.ForEach(threads, static thread => thread.Start());
                    Array.ForEach(threads, static thread => thread.Join());
                    string? wrong = failed.FirstOrDefault(static f => f is not null) ?? recorder.Check();
                    if (wrong is not null)
                    {
                        return ($"seed {seed}, round {rounds}: {wrong}", rounds, steady + recorder.Store.RepeatedPushes);
                    }

                    recorder.Begin();
                }

                steady += recorder.Store.RepeatedPushes;
            }

            return (null, rounds, steady);
        }
        finally
        {
            Explored.Hook = null;
        }
    }

    private static string? Operate(Recorder recorder, int thread, int seed)
    {
        var random = new Random(seed);
        s_noise = new Random(seed + 1);
        try
        {
            for (int i = 0; i < OperationsPerRound; i++)
            {
                int what = random.Next(100);
                int group = random.Next(Recorder.Groups);
                if (thread == 0 && what < 25)
                {
                    recorder.Take();
                }
                else if (what < 30)
                {
                    recorder.View(thread);
                }
                else if (what < 34)
                {
                    recorder.Delete(thread, group);
                }
                else if (what < 35)
                {
                    recorder.Wipe(thread);
                }
                else if (what < 38)
                {
                    recorder.PushMore(thread, group);
                }
                else if (what < 41)
                {
                    recorder.Extra(thread, group);
                }
                else if (what < 43)
                {
                    recorder.PushBroken(thread, group);
                }
                else
                {
                    recorder.Push(thread, group);
                }
            }

            return null;
        }
        catch (Exception e)
        {
            return e.ToString();
        }
        finally
        {
            s_noise = null;
        }
    }

    private static void Hesitate()
    {
        if (s_noise is { } noise)
        {
            int what = noise.Next(64);
            if (what < 8)
            {
                Thread.Yield();
            }
            else if (what == 8)
            {
                Thread.Sleep(0);
            }
            else if (what == 9)
            {
                Thread.SpinWait(noise.Next(2000));
            }
        }
    }
}
