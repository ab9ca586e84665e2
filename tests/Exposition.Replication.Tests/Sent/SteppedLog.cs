using System.Runtime.CompilerServices;
using Exposition.Replication.Tests.Log;

namespace Exposition.Replication.Tests.Sent;

/// <summary>A node's way to an engine, on which a test says what becomes of each append, and when the feed goes on.</summary>
internal sealed class SteppedLog(MemoryEngine engine, TimeProvider time) : IGroupLog
{
    /// <summary>An entry of which readers are not given anything, like a barrier.</summary>
    public const string Hidden = "-";

    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(10);

    private readonly MemoryLog _log = new(engine, time);

    /// <summary>Whether appends wait until this is not so.</summary>
    public bool HoldsAppends { get; set; }

    /// <summary>Whether the feed waits until this is not so; what is replaced meanwhile it passes over.</summary>
    public bool HoldsFeed { get; set; }

    /// <summary>The last revision that the feed gives.</summary>
    public long FeedsUpTo { get; set; } = long.MaxValue;

    /// <summary>What is answered in the place of the engine, which is not asked; null for that it is.</summary>
    public Func<LogEntry, Appended?> Answers { get; set; } = static _ => null;

    /// <summary>The answers that are lost, of what was committed.</summary>
    public int LosesAnswers { get; set; }

    /// <summary>The appends that came here.</summary>
    public List<string> Subjects { get; } = [];

    public int MaxBytes => _log.MaxBytes;

    public ValueTask<LogHead> OpenAsync(CancellationToken cancellation) => _log.OpenAsync(cancellation);

    public ValueTask<Appended> AppendAsync(LogEntry entry, long? expected, TimeSpan? timeToLive, CancellationToken cancellation) =>
        AnswerAsync(entry, () => _log.AppendAsync(entry, expected, timeToLive, CancellationToken.None), cancellation);

    public ValueTask<Appended> WipeAsync(LogEntry entry, long? expected, CancellationToken cancellation) =>
        AnswerAsync(entry, () => _log.WipeAsync(entry, expected, CancellationToken.None), cancellation);

    public ValueTask<LogEvent?> FindAsync(string subject, CancellationToken cancellation) => _log.FindAsync(subject, cancellation);

    public async IAsyncEnumerable<LogEvent> ReadAsync(long after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (LogEvent next in _log.ReadAsync(after, cancellation))
        {
            while (HoldsFeed || next.Revision > FeedsUpTo)
            {
                await Task.Delay(s_step, time, cancellation);
            }

            if (next.Kind != LogEventKind.Entry)
            {
                yield return next;
            }
            else if (next.Entry.Subject == Hidden)
            {
                yield return new LogEvent(LogEventKind.Alive, next.Revision);
            }
            else if (engine.Find(next.Entry.Subject)?.Revision == next.Revision)
            {
                yield return next;
            }
        }
    }

    public IAsyncEnumerable<LogStamp> StampsAsync(CancellationToken cancellation) => _log.StampsAsync(cancellation);

    public ValueTask DisposeAsync() => _log.DisposeAsync();

    private async ValueTask<Appended> AnswerAsync(LogEntry entry, Func<ValueTask<Appended>> append, CancellationToken cancellation)
    {
        Subjects.Add(entry.Subject);
        while (HoldsAppends)
        {
            if (cancellation.IsCancellationRequested)
            {
                return new Appended(AppendOutcome.Unknown);
            }

            await Task.Delay(s_step, time, CancellationToken.None);
        }

        if (Answers(entry) is { } answer)
        {
            return answer;
        }

        Appended appended = await append();
        return LosesAnswers-- > 0 ? new Appended(AppendOutcome.Unknown) : appended;
    }
}
