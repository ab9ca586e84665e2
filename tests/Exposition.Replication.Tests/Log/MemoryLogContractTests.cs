using Exposition.Replication.Tests.Contract;

namespace Exposition.Replication.Tests.Log;

/// <summary>The log that simulations run on keeps the same contract as the real one.</summary>
public sealed class MemoryLogContractTests : GroupLogContract
{
    protected override Task<ILogEngine> StartAsync() => Task.FromResult<ILogEngine>(new InMemory());

    private sealed class InMemory : ILogEngine
    {
        private readonly MemoryEngine _engine = new(TimeProvider.System);

        public bool LosesAnswers { get; set; }

        public IGroupLog Connect() => new Forgetful(this, new MemoryLog(_engine, TimeProvider.System));

        public Task KillAsync()
        {
            _engine.IsUp = false;
            _engine.Wake();
            return Task.CompletedTask;
        }

        public Task StartAgainAsync()
        {
            _engine.IsUp = true;
            return Task.CompletedTask;
        }

        public Task DeleteLogAsync()
        {
            _engine.LoseAll();
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    // What it appends is committed; the answer may not come.
    private sealed class Forgetful(InMemory engine, MemoryLog log) : IGroupLog
    {
        public int MaxBytes => log.MaxBytes;

        public ValueTask<LogHead> OpenAsync(CancellationToken cancellation) => log.OpenAsync(cancellation);

        public ValueTask<Appended> AppendAsync(LogEntry entry, long? expected, TimeSpan? timeToLive, CancellationToken cancellation) =>
            AnsweredAsync(log.AppendAsync(entry, expected, timeToLive, cancellation));

        public ValueTask<Appended> WipeAsync(LogEntry entry, long? expected, CancellationToken cancellation) =>
            AnsweredAsync(log.WipeAsync(entry, expected, cancellation));

        public ValueTask<LogEvent?> FindAsync(string subject, CancellationToken cancellation) => log.FindAsync(subject, cancellation);

        public IAsyncEnumerable<LogEvent> ReadAsync(long after, CancellationToken cancellation) => log.ReadAsync(after, cancellation);

        public IAsyncEnumerable<LogStamp> StampsAsync(CancellationToken cancellation) => log.StampsAsync(cancellation);

        public ValueTask DisposeAsync() => log.DisposeAsync();

        private async ValueTask<Appended> AnsweredAsync(ValueTask<Appended> answer)
        {
            var appended = await answer;
            return engine.LosesAnswers ? new Appended(AppendOutcome.Unknown) : appended;
        }
    }
}
