using System.Runtime.CompilerServices;

namespace Exposition.Replication.Tests.Log;

/// <summary>A node's way to a <see cref="MemoryEngine"/>, with what may go wrong on it.</summary>
/// <param name="engine">The engine.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Where delays and losses come from; null for none of them.</param>
internal sealed class MemoryLog(MemoryEngine engine, TimeProvider time, Random? random = null) : IGroupLog
{
    private string? _opened;

    public int MaxBytes => engine.MaxBytes;

    /// <summary>Whether the engine cannot be reached from here.</summary>
    public bool IsCut { get; set; }

    /// <summary>One of how many answers gets lost; 0 for none.</summary>
    public int LosesOneOf { get; set; }

    /// <summary>Whether lost appends are said to be in the log: a fault.</summary>
    public bool ClaimsTheLost { get; set; }

    /// <summary>Whether readers are not told who has appended an entry: a fault.</summary>
    public bool ForgetsOperations { get; set; }

    /// <summary>One of how many entries is given behind the next one: a fault; 0 for none.</summary>
    public int SwapsOneOf { get; set; }

    /// <summary>Changes entries for those who read them: a fault.</summary>
    public Func<LogEntry, LogEntry>? Alters { get; set; }

    /// <summary>Whether stamps leave out what is there, as they may where it is replaced meanwhile.</summary>
    public bool LeavesOutStamps { get; set; }

    private bool IsAway => IsCut || !engine.IsUp;

    public async ValueTask<LogHead> OpenAsync(CancellationToken cancellation)
    {
        await DelayAsync(cancellation);
        Check();
        _opened = engine.Incarnation;
        return new LogHead(engine.Incarnation, engine.LastRevision);
    }

    public ValueTask<Appended> AppendAsync(LogEntry entry, long? expected, TimeSpan? timeToLive, CancellationToken cancellation) =>
        CommitAsync(entry, expected, timeToLive, isWipe: false, cancellation);

    public ValueTask<Appended> WipeAsync(LogEntry entry, long? expected, CancellationToken cancellation) =>
        CommitAsync(entry, expected, null, isWipe: true, cancellation);

    public async ValueTask<LogEvent?> FindAsync(string subject, CancellationToken cancellation)
    {
        await DelayAsync(cancellation);
        Check();
        return engine.Find(subject);
    }

    public async IAsyncEnumerable<LogEvent> ReadAsync(long after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        bool isCaughtUp = false;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            Check();
            if (engine.Incarnation != _opened || engine.LastRevision < after)
            {
                throw new LogRestartedException("the memory was lost");
            }

            if (engine.Next(after) is { } next)
            {
                await DelayAsync(cancellation);
                LogEvent? first = SwapsOneOf > 0 && random!.Next(SwapsOneOf) == 0 ? engine.Next(next.Revision) : null;
                foreach (LogEvent given in first is { } swapped ? [swapped, next] : (LogEvent[])[next])
                {
                    if (given.Revision < after)
                    {
                        await DelayAsync(cancellation);
                    }

                    after = Math.Max(after, given.Revision);
                    LogEvent read = Alters is { } alter ? given with { Entry = alter(given.Entry) } : given;
                    yield return ForgetsOperations ? read with { Entry = read.Entry with { Operation = default } } : read;
                }
            }
            else if (!isCaughtUp)
            {
                isCaughtUp = true;
                yield return new LogEvent(LogEventKind.CaughtUp, engine.LastRevision);
            }
            else
            {
                await engine.WaitAsync();
                if (engine.Next(after) is null && !IsAway && engine.Incarnation == _opened && engine.LastRevision >= after)
                {
                    yield return new LogEvent(LogEventKind.Alive, engine.LastRevision);
                }
            }
        }
    }

    public async IAsyncEnumerable<LogStamp> StampsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await DelayAsync(cancellation);
        Check();
        foreach (LogStamp stamp in engine.Stamps())
        {
            if (random?.Next(4) == 0)
            {
                await DelayAsync(cancellation);
            }

            Check();
            if (!LeavesOutStamps && engine.Find(stamp.Subject)?.Revision == stamp.Revision)
            {
                yield return stamp;
            }
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<Appended> CommitAsync(
        LogEntry entry, long? expected, TimeSpan? timeToLive, bool isWipe, CancellationToken cancellation)
    {
        try
        {
            await DelayAsync(cancellation);
            if (IsAway)
            {
                return new Appended(AppendOutcome.Unavailable, Reason: "cut");
            }

            if (random is not null && LosesOneOf > 0 && random.Next(LosesOneOf) == 0)
            {
                return await LoseAsync(entry, expected, timeToLive, isWipe, cancellation);
            }

            Appended appended = engine.Commit(entry, expected, timeToLive, isWipe);
            await DelayAsync(cancellation);
            return IsCut ? new Appended(AppendOutcome.Unknown) : appended;
        }
        catch (OperationCanceledException)
        {
            return new Appended(AppendOutcome.Unknown);
        }
    }

    // It is in the log now, comes to be in it later, twice, or never; the sender does not know.
    private async ValueTask<Appended> LoseAsync(
        LogEntry entry, long? expected, TimeSpan? timeToLive, bool isWipe, CancellationToken cancellation)
    {
        int fate = random!.Next(4);
        if (fate <= 1)
        {
            engine.Commit(entry, expected, timeToLive, isWipe);
        }

        if (fate is 1 or 2)
        {
            _ = LaterAsync(entry, expected, timeToLive, isWipe);
        }

        await DelayAsync(cancellation);
        return ClaimsTheLost ? new Appended(AppendOutcome.Committed, engine.LastRevision) : new Appended(AppendOutcome.Unknown);
    }

    private async Task LaterAsync(LogEntry entry, long? expected, TimeSpan? timeToLive, bool isWipe)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(random!.Next(2000)), time);
        if (engine.IsUp && expected is not null)
        {
            engine.Commit(entry, expected, timeToLive, isWipe);
        }
    }

    private Task DelayAsync(CancellationToken cancellation) =>
        random is null ? Task.CompletedTask : Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 30)), time, cancellation);

    private void Check()
    {
        if (IsAway)
        {
            throw new LogUnavailableException("cut");
        }
    }
}
