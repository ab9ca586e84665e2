using Exposition.Engine;

namespace Exposition.Persistence.Tests;

/// <summary>A durable store that writes down what it is told, and fails or hangs on demand.</summary>
internal sealed class FakeDurable : IDurableStore
{
    private readonly TaskCompletionSource _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<string> Calls { get; } = [];

    public int FailCommits { get; set; }

    /// <summary>What putting a group of a job throws, if anything.</summary>
    public volatile Func<string, Exception?> RefuseJob = static _ => null;

    /// <summary>What beginning a batch throws, if anything.</summary>
    public volatile Func<Exception?> RefuseBegin = static () => null;

    /// <summary>Lets commits of changes wait for <see cref="Released"/>.</summary>
    public volatile bool HoldCommits;

    public ManualResetEventSlim CommitEntered { get; } = new();

    public ManualResetEventSlim Released { get; } = new();

    public DurableFault? LoadFault { get; set; }

    public bool Incomplete { get; set; }

    public bool Disposed { get; private set; }

    /// <summary>Done when a batch with changes has been committed.</summary>
    public Task Committed => _committed.Task;

    public void Open()
    {
    }

    public LoadReport Load(RestoreGroup restore) =>
        LoadFault is { } fault ? throw new DurableStoreException(fault, "cannot") : default;

    public IDurableBatch Begin()
    {
        if (RefuseBegin() is { } refusal)
        {
            throw refusal;
        }

        Calls.Add("begin");
        return new Batch(this);
    }

    public void Completed() => Incomplete = false;

    public void Dispose() => Disposed = true;

    private sealed class Batch(FakeDurable owner) : IDurableBatch
    {
        private readonly List<string> _calls = [];

        public long Bytes => 0;

        public void Put(in KeptGroup group, long version) => Add("put ", group.Key);

        public void Remove(GroupingKey key) => Add("remove ", key);

        public void Clear() => _calls.Add("clear");

        public void Commit()
        {
            if (owner.HoldCommits && _calls.Count > 0)
            {
                owner.CommitEntered.Set();
                owner.Released.Wait(TimeSpan.FromSeconds(10));
            }

            if (owner.FailCommits > 0)
            {
                owner.FailCommits--;
                throw new DurableStoreException(DurableFault.Unavailable, "no space");
            }

            owner.Calls.AddRange(_calls);
            owner.Calls.Add("commit");
            if (_calls.Count > 0)
            {
                owner._committed.TrySetResult();
            }
        }

        public void Dispose()
        {
        }

        private void Add(string call, GroupingKey key)
        {
            string job = Job(key);
            _calls.Add(call + job);
            if (owner.RefuseJob(job) is { } refusal)
            {
                throw refusal;
            }
        }

        private static string Job(GroupingKey key)
        {
            foreach (GroupingLabel label in key.Labels)
            {
                if (label.Name.SequenceEqual("job"u8))
                {
                    return System.Text.Encoding.UTF8.GetString(label.Value);
                }
            }

            return "";
        }
    }
}
