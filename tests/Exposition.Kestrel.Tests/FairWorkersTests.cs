using System.Collections.Concurrent;
using Exposition.Kestrel.Pacing;

namespace Exposition.Kestrel.Tests;

public sealed class FairWorkersTests : IDisposable
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    private readonly ManualResetEventSlim _open = new();
    private readonly ConcurrentQueue<string> _done = [];

    public void Dispose() => _open.Dispose();

    [Fact]
    public async Task NothingRunsOnAThreadOfThePool()
    {
        var workers = new FairWorkers("test", 2, 0, TimeProvider.System);
        bool pool = true;
        Assert.Equal(TurnOutcome.Done, await workers.RunAsync("a", s_long, () => pool = Thread.CurrentThread.IsThreadPoolThread));
        Assert.False(pool);
    }

    [Fact]
    public async Task ClientsTakeTurnsHoweverMuchOneHasWaiting()
    {
        var workers = new FairWorkers("test", 1, 0, TimeProvider.System);
        Task<TurnOutcome> first = Occupy(workers);
        Task<TurnOutcome>[] others = [
            Run(workers, "a", "a1"), Run(workers, "a", "a2"), Run(workers, "a", "a3"), Run(workers, "b", "b1"), Run(workers, "c", "c1")];
        Assert.Equal(5, workers.Waiting);
        _open.Set();
        await Task.WhenAll([first, .. others]).WaitAsync(s_long, TestContext.Current.CancellationToken);
        Assert.Equal(["a1", "b1", "c1", "a2", "a3"], _done);
    }

    [Fact]
    public async Task WhereTooMuchWaitsWhoHasMostWaitingLosesTheOldest()
    {
        var workers = new FairWorkers("test", 1, 3, TimeProvider.System);
        Task<TurnOutcome> first = Occupy(workers);
        Task<TurnOutcome> a1 = Run(workers, "a", "a1"), a2 = Run(workers, "a", "a2"), a3 = Run(workers, "a", "a3");
        Task<TurnOutcome> b1 = Run(workers, "b", "b1");
        Assert.Equal(TurnOutcome.Crowded, await a1.WaitAsync(s_long, TestContext.Current.CancellationToken));
        Assert.Equal(3, workers.Waiting);
        _open.Set();
        Assert.All(await Task.WhenAll(first, a2, a3, b1).WaitAsync(s_long, TestContext.Current.CancellationToken),
            static outcome => Assert.Equal(TurnOutcome.Done, outcome));
        Assert.Equal(["a2", "b1", "a3"], _done);
    }

    [Fact]
    public async Task WithoutAThreadWorkIsRefusedUntilThereIsOne()
    {
        bool full = true;
        var workers = new FairWorkers("test", 1, 0, TimeProvider.System, thread =>
        {
            if (full)
            {
                throw new InsufficientMemoryException();
            }

            thread.Start();
        });
        Assert.Equal(TurnOutcome.Crowded, await workers.RunAsync("a", s_long, () => _done.Enqueue("a")));
        Assert.Equal(0, workers.Waiting);
        full = false;
        Assert.Equal(TurnOutcome.Done, await workers.RunAsync("b", s_long, () => _done.Enqueue("b")));
        Assert.Equal(["b"], _done);
    }

    [Fact]
    public async Task WhereThereIsNoRoomForAnotherThreadTheFirstDoesAll()
    {
        int started = 0;
        var workers = new FairWorkers("test", 2, 0, TimeProvider.System, thread =>
        {
            if (started++ > 0)
            {
                throw new InsufficientMemoryException();
            }

            thread.Start();
        });
        Task<TurnOutcome>[] all = [Occupy(workers), Run(workers, "a", "a1"), Run(workers, "b", "b1")];
        Assert.True(started > 1);
        _open.Set();
        Assert.All(await Task.WhenAll(all).WaitAsync(s_long, TestContext.Current.CancellationToken),
            static outcome => Assert.Equal(TurnOutcome.Done, outcome));
    }

    [Fact]
    public async Task WhoseTurnDoesNotComeInTimeIsToldSo()
    {
        var workers = new FairWorkers("test", 1, 0, TimeProvider.System);
        Task<TurnOutcome> first = Occupy(workers);
        Assert.Equal(TurnOutcome.TooLate, await workers.RunAsync("a", TimeSpan.FromMilliseconds(10), () => _done.Enqueue("a")));
        Assert.Equal(0, workers.Waiting);
        _open.Set();
        Assert.Equal(TurnOutcome.Done, await first);
        Assert.Empty(_done);
    }

    [Fact]
    public async Task WhatWorkThrowsIsThrownToWhomItIsFor()
    {
        var workers = new FairWorkers("test", 1, 0, TimeProvider.System);
        await Assert.ThrowsAsync<InvalidDataException>(
            async () => await workers.RunAsync("a", s_long, static () => throw new InvalidDataException()));
        Assert.Equal(TurnOutcome.Done, await Run(workers, "a", "a2"));
    }

    [Fact]
    public async Task AllThreadsAreUsedAndNoMore()
    {
        var workers = new FairWorkers("test", 3, 0, TimeProvider.System);
        using var together = new Barrier(4);
        Task<TurnOutcome>[] tasks = [
            .. Enumerable.Range(0, 6).Select(_ => workers.RunAsync("a", s_long, () => together.SignalAndWait(s_long)).AsTask())];
        Assert.True(together.SignalAndWait(s_long, TestContext.Current.CancellationToken));
        Assert.Equal(3, together.ParticipantCount - 1);
        Assert.True(together.SignalAndWait(s_long, TestContext.Current.CancellationToken));
        Assert.All(await Task.WhenAll(tasks), static outcome => Assert.Equal(TurnOutcome.Done, outcome));
    }

    /// <summary>Nothing is lost or done twice where many come and go at once.</summary>
    [Fact]
    public async Task EachPieceOfWorkIsDoneOnceOrTold()
    {
        var workers = new FairWorkers("test", 3, 20, TimeProvider.System);
        int done = 0;
        TurnOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => Task.Run(
            async () => await workers.RunAsync(
                i % 7, i % 3 == 0 ? TimeSpan.FromMilliseconds(1) : s_long, () => Interlocked.Increment(ref done)),
            TestContext.Current.CancellationToken)));
        Assert.Equal(outcomes.Count(static outcome => outcome == TurnOutcome.Done), done);
        Assert.Equal(0, workers.Waiting);
    }

    // Takes the only thread, and is sure to have it on return.
    private Task<TurnOutcome> Occupy(FairWorkers workers)
    {
        using var runs = new ManualResetEventSlim();
        Task<TurnOutcome> occupied = workers.RunAsync("first", s_long, () =>
        {
            runs.Set();
            _open.Wait();
        }).AsTask();
        Assert.True(runs.Wait(s_long, TestContext.Current.CancellationToken));
        return occupied;
    }

    private Task<TurnOutcome> Run(FairWorkers workers, string client, string name) =>
        workers.RunAsync(client, s_long, () => _done.Enqueue(name)).AsTask();
}
