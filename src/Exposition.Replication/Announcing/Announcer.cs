using Exposition.Replication.Messages;
using Exposition.Replication.Waiting;

namespace Exposition.Replication.Announcing;

/// <summary>Says of this node every few seconds that it is there, in an entry of the log that does not live long.</summary>
/// <param name="log">The log.</param>
/// <param name="options">Those of the node.</param>
/// <param name="time">The clock.</param>
/// <param name="applied">What was applied here.</param>
/// <param name="isLive">Whether the node follows the log.</param>
internal sealed class Announcer(
    IGroupLog log, ReplicationOptions options, TimeProvider time, AppliedRevision applied, Func<bool> isLive)
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(10);

    private readonly Guid _run = Guid.NewGuid();
    private long _number;
    private long _last;

    /// <summary>Runs until it is cancelled; not at all without an address.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        if (options.Address.Length == 0)
        {
            return;
        }

        try
        {
            while (true)
            {
                if (isLive())
                {
                    await AnnounceAsync(end);
                }

                await Task.Delay(_last == 0 ? s_every / 10 : s_every, time, end);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
    }

    // What has become of it is seen by the next: one that was lost is a conflict then, or is not there.
    private async Task AnnounceAsync(CancellationToken end)
    {
        using var timeout = new CancellationTokenSource(s_every, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, end);
        var entry = new LogEntry(
            NodeMessage.SubjectOf(_run), new OperationId(_run, ++_number), Message.Now(time),
            new NodeMessage(options.Address, applied.Now).Write());
        Appended appended = await log.AppendAsync(entry, _last, KnownNodes.Life, either.Token);
        if (appended.Outcome is AppendOutcome.Committed or AppendOutcome.Conflict)
        {
            _last = appended.Revision;
        }
    }
}
