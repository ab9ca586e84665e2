using Exposition.Engine;
using Exposition.Persistence.Following;

namespace Exposition.Persistence.Tests;

/// <summary>A source of changes without a store.</summary>
internal sealed class FakeChanges : IChangeSource, IDisposable
{
    private readonly List<GroupChange> _waiting = [];
    private readonly SemaphoreSlim _signal = new(0);

    public int Pending
    {
        get
        {
            lock (_waiting)
            {
                return _waiting.Count;
            }
        }
    }

    public long? PendingSince => Pending > 0 ? Since : null;

    public long Since { get; set; } = TimeProvider.System.GetTimestamp();

    public bool AllWasRead { get; private set; }

    /// <summary>How many changes there are room for in one take.</summary>
    public int AtOnce { get; set; } = int.MaxValue;

    public bool IsEmpty { get; set; }

    public long ExpiryOf(GroupSnapshot group) => group.ExpiresAt;

    public void Delete(string job)
    {
        lock (_waiting)
        {
            _waiting.Add(new GroupChange(Samples.Key(job), 1, null));
        }

        _signal.Release();
    }

    public async ValueTask WaitAsync(CancellationToken cancellation) => await _signal.WaitAsync(cancellation);

    public int Take(ICollection<GroupChange> into, ref int most, long bytes)
    {
        lock (_waiting)
        {
            int taken = Math.Min(Math.Min(most, AtOnce), _waiting.Count);
            _waiting.GetRange(0, taken).ForEach(into.Add);
            _waiting.RemoveRange(0, taken);
            most = Math.Min(most - taken, _waiting.Count);
            return taken;
        }
    }

    public void Release(in GroupChange change)
    {
    }

    public void Dispose() => _signal.Dispose();

    public IEnumerable<GroupSnapshot> All()
    {
        AllWasRead = true;
        return [];
    }
}

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
