namespace Exposition.Kestrel.Pacing;

/// <summary>What became of work that had to wait for its turn.</summary>
internal enum TurnOutcome : byte
{
    /// <summary>It was done.</summary>
    Done,

    /// <summary>Its turn did not come in time.</summary>
    TooLate,

    /// <summary>Too much was waiting, and most of it was its client's; or there is no thread to do it.</summary>
    Crowded,
}

// Clients take turns: each gets one piece of work done before any gets its second, however many it has waiting. Where too much waits, the
// client that has most waiting loses what has waited longest, so a newcomer is never refused for what others do. A client that is alone has
// all threads. Threads are made when they are needed and end when there has been nothing to do for a while. Where the system has no room
// for another, those that there are do the work; where there is none, it is refused, and tried again with the next.

/// <summary>
/// A few threads of their own for work that takes long, lest the threads that serve sockets do it. Safe for concurrent use.
/// </summary>
/// <param name="name">The name of the threads.</param>
/// <param name="mostThreads">How many there are at most.</param>
/// <param name="mostWaiting">How much may wait; zero for any number.</param>
/// <param name="time">The clock for waiting.</param>
/// <param name="start">Starts a thread; for tests.</param>
internal sealed class FairWorkers(string name, int mostThreads, int mostWaiting, TimeProvider time, Action<Thread>? start = null)
{
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(10);

    private readonly object _lock = new();
    private readonly Dictionary<object, Client> _clients = [];
    private readonly LinkedList<Client> _order = [];
    private int _waiting;
    private int _threads;
    private int _idle;

    /// <summary>How much waits for its turn.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Waits for a turn and does the work then, on a thread of these.</summary>
    /// <param name="client">For whom: equal objects are one client.</param>
    /// <param name="patience">How long to wait at most for the turn; <see cref="Timeout.InfiniteTimeSpan"/> for any time.</param>
    /// <param name="work">The work. What it throws is thrown here.</param>
    public async ValueTask<TurnOutcome> RunAsync(object client, TimeSpan patience, Action work)
    {
        var job = new Job(work);
        Enqueue(client, job)?.Ended.SetResult(TurnOutcome.Crowded);
        try
        {
            return await job.Ended.Task.WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            // Also what the work itself throws ends up here.
            return TryWithdraw(job) ? TurnOutcome.TooLate : await job.Ended.Task;
        }
    }

    /// <returns>What has lost its place.</returns>
    private Job? Enqueue(object key, Job job)
    {
        lock (_lock)
        {
            if (!_clients.TryGetValue(key, out Client? client))
            {
                _clients.Add(key, client = new Client(key));
                _order.AddLast(client.Turn);
            }

            client.Jobs.AddLast(job.Place);
            job.Client = client;
            _waiting++;
            Job? lost = !EnsureThread() ? job : mostWaiting > 0
                && _waiting > mostWaiting ? _order.MaxBy(static c => c.Jobs.Count)!.Jobs.First!.Value : null;
            if (lost is not null)
            {
                Remove(lost);
            }

            Monitor.Pulse(_lock);
            return lost;
        }
    }

    // Under the lock: starts another thread where that helps; whether there is any. One counts when it has been started, or it would be
    // waited for for ever.
    private bool EnsureThread()
    {
        if (_waiting > _idle && _threads < mostThreads)
        {
            try
            {
                (start ?? (static thread => thread.UnsafeStart()))(new Thread(Work) { IsBackground = true, Name = name });
                _threads++;
            }
            catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
            {
                // The others do it.
            }
        }

        return _threads > 0;
    }

    private bool TryWithdraw(Job job)
    {
        lock (_lock)
        {
            if (job.Place.List is null)
            {
                return false;
            }

            Remove(job);
            return true;
        }
    }

    // Under the lock.
    private void Remove(Job job)
    {
        Client client = job.Client!;
        client.Jobs.Remove(job.Place);
        _waiting--;
        if (client.Jobs.Count == 0)
        {
            _order.Remove(client.Turn);
            _clients.Remove(client.Key);
        }
    }

    private void Work()
    {
        while (Next() is { } job)
        {
            job.Run();
        }
    }

    private Job? Next()
    {
        lock (_lock)
        {
            while (_waiting == 0)
            {
                _idle++;
                bool woken = Monitor.Wait(_lock, s_idle);
                _idle--;
                if (!woken && _waiting == 0)
                {
                    _threads--;
                    return null;
                }
            }

            Client client = _order.First!.Value;
            Job job = client.Jobs.First!.Value;
            _order.RemoveFirst();
            _order.AddLast(client.Turn);
            Remove(job);
            return job;
        }
    }

    private sealed class Client
    {
        public Client(object key)
        {
            Key = key;
            Turn = new LinkedListNode<Client>(this);
        }

        public object Key { get; }

        public LinkedList<Job> Jobs { get; } = [];

        public LinkedListNode<Client> Turn { get; }
    }

    private sealed class Job
    {
        private readonly Action _work;

        public Job(Action work)
        {
            _work = work;
            Place = new LinkedListNode<Job>(this);
        }

        public TaskCompletionSource<TurnOutcome> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Job> Place { get; }

        public Client? Client { get; set; }

        public void Run()
        {
            try
            {
                _work();
                Ended.SetResult(TurnOutcome.Done);
            }
            catch (Exception e)
            {
                Ended.SetException(e);
            }
        }
    }
}
