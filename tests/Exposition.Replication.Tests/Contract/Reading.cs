using System.Threading.Channels;

namespace Exposition.Replication.Tests.Contract;

/// <summary>Reads a log beside a test, and keeps what it is given.</summary>
internal sealed class Reading : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<LogEvent> _events = Channel.CreateUnbounded<LogEvent>();
    private readonly Task _reading;

    /// <param name="log">The log.</param>
    /// <param name="after">What is known.</param>
    /// <param name="goesOn">Whether it is opened again when it was lost, as the replication does.</param>
    public Reading(IGroupLog log, long after = 0, bool goesOn = false) => _reading = ReadAsync(log, after, goesOn);

    /// <summary>The next that is no sign of life; what ended the reading is thrown.</summary>
    public async Task<LogEvent> NextAsync()
    {
        while (true)
        {
            var next = await NextOfAnyKindAsync();
            if (next.Kind != LogEventKind.Alive)
            {
                return next;
            }
        }
    }

    public async Task<LogEvent> NextOfAnyKindAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(s_limit);
        await _events.Reader.WaitToReadAsync(limit.Token);
        return await _events.Reader.ReadAsync(limit.Token);
    }

    /// <summary>The entries up to the sign that all were given.</summary>
    public async Task<List<LogEvent>> UntilCaughtUpAsync()
    {
        var entries = new List<LogEvent>();
        while (await NextAsync() is { Kind: LogEventKind.Entry } entry)
        {
            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>The next entries, as many as asked for.</summary>
    public async Task<List<LogEvent>> EntriesAsync(int count)
    {
        var entries = new List<LogEvent>();
        while (entries.Count < count)
        {
            if (await NextAsync() is { Kind: LogEventKind.Entry } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
    }

    private async Task ReadAsync(IGroupLog log, long after, bool goesOn)
    {
        while (true)
        {
            try
            {
                await foreach (var next in log.ReadAsync(after, _stop.Token))
                {
                    after = next.Kind == LogEventKind.Entry ? next.Revision : after;
                    await _events.Writer.WriteAsync(next);
                }

                throw new InvalidOperationException("the log ended the reading by itself");
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                _events.Writer.Complete();
                return;
            }
            catch (LogUnavailableException) when (goesOn)
            {
                await Task.Delay(100);
            }
            catch (Exception e)
            {
                _events.Writer.Complete(e);
                return;
            }
        }
    }
}
