using Exposition.Engine.Explore;

namespace Exposition.Engine.Tests.Concurrency;

// Runs a few threads of which only one is ever going: at each step of the store (Explored) it is decided who goes on. All decisions of
// a run are a list of numbers; the next run repeats the list but for its last number that can be raised. So all interleavings are run, with
// at most so many preemptions (a thread that is held up although it could go on): first those without any, then those with one, and so on,
// so that where there are too many to run them all, those are run first that are easiest to understand. Who waits for the writer lock is
// not asked until somebody has left it. With a seed the decisions are drawn instead: in every other run there are as many preemptions as
// come, else a few, at any steps.

/// <summary>Runs operations on a store in all interleavings of their steps.</summary>
internal sealed class Explorer(int preemptions, int mostRuns, int? seed = null)
{
    private const int PreemptedOneIn = 4;
    private const int FewPreemptions = 4;

    private readonly List<(int Chosen, int Of)> _choices = [];
    private readonly List<string> _trace = [];
    private readonly List<string> _wrong = [];
    private Worker[] _workers = [];
    private TaskCompletionSource _over = new();
    private Random? _random;
    private int _at;
    private int _left;

    // The steps at which a run with few preemptions has them, and how many steps the last run had.
    private readonly HashSet<int> _preempted = [];
    private int _steps = 1;

    [ThreadStatic]
    private static Worker? s_worker;

    /// <summary>How many interleavings were run.</summary>
    public int Runs { get; private set; }

    /// <summary>How many preemptions were tried in all places.</summary>
    public int Exhausted { get; private set; } = -1;

    /// <summary>Whether all were run.</summary>
    public bool IsExhausted => Exhausted == preemptions;

    /// <summary>Runs them until one is wrong.</summary>
    /// <param name="prepare">Makes what the operations work on.</param>
    /// <param name="threads">What each thread does.</param>
    /// <param name="check">Says what is wrong after a run, or null.</param>
    /// <returns>What was wrong, with the steps that led to it, or null.</returns>
    public string? Run<T>(Func<T> prepare, Action<T>[] threads, Func<T, string?> check)
    {
        _random = seed is { } start ? new Random(start) : null;
        Runs = 0;
        _workers = [.. threads.Select(_ => new Worker(this))];
        Explored.Hook = OnStep;
        try
        {
            for (int most = 0; most <= preemptions && Runs < mostRuns; most++)
            {
                _choices.Clear();
                bool more;
                do
                {
                    Runs++;
                    T subject = prepare();
                    RunOnce([.. threads.Select<Action<T>, Action>(thread => () => thread(subject))], most);
                    string? wrong = _wrong.Count > 0 ? _wrong[0] : check(subject);
                    if (wrong is not null)
                    {
                        return $"run {Runs}: {wrong}\nby {string.Join(", ", _trace)}";
                    }

                    more = Advance();
                }
                while (Runs < mostRuns && more);
                Exhausted = more ? Exhausted : most;
            }

            return null;
        }
        finally
        {
            Explored.Hook = null;
            Array.ForEach(_workers, static worker => worker.Dispose());
        }
    }

    private void RunOnce(Action[] actions, int mostPreemptions)
    {
        DrawPreemptions();
        _trace.Clear();
        _wrong.Clear();
        _at = 0;
        _left = mostPreemptions;
        _over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        for (int i = 0; i < actions.Length; i++)
        {
            _workers[i].Begin(actions[i]);
        }

        _workers[Choose(null, mayGoOn: false)!.Value].Go();
        if (!_over.Task.Wait(TimeSpan.FromSeconds(60)))
        {
            throw new InvalidOperationException("stuck by " + string.Join(", ", _trace));
        }
    }

    private void DrawPreemptions()
    {
        _steps = Math.Max(_steps / 2, _trace.Count);
        _preempted.Clear();
        for (int i = _random is null ? 0 : _random.Next(1, FewPreemptions + 1); i > 0; i--)
        {
            _preempted.Add(_random!.Next(_steps));
        }
    }

    // The next list of decisions; false if there is none.
    private bool Advance()
    {
        if (_random is not null)
        {
            return true;
        }

        for (int i = _choices.Count - 1; i >= 0; i--)
        {
            (int chosen, int of) = _choices[i];
            if (chosen + 1 < of)
            {
                _choices.RemoveRange(i, _choices.Count - i);
                _choices.Add((chosen + 1, of));
                return true;
            }
        }

        return false;
    }

    private static void OnStep(string step)
    {
        // Nobody else can do anything there that he could not do a step before.
        if (s_worker is { } worker && step != Steps.HoldWriter)
        {
            worker.Explorer.OnStep(worker, step);
        }
    }

    private void OnStep(Worker worker, string step)
    {
        int self = Array.IndexOf(_workers, worker);
        _trace.Add($"{self}:{step}");
        if (step is Steps.LeftWriter or Steps.LeftTurn)
        {
            Array.ForEach(_workers, static w => w.IsWaiting = false);
        }

        worker.IsWaiting = step == Steps.WaitForWriter;
        int? next = Choose(self, mayGoOn: !worker.IsWaiting);
        if (next is null)
        {
            throw new InvalidOperationException("all wait");
        }

        if (next != self)
        {
            _workers[next.Value].Go();
            worker.Wait();
        }
    }

    private void OnEnd(Worker worker, Exception? exception)
    {
        if (exception is not null)
        {
            _wrong.Add(exception.ToString());
        }

        worker.IsOver = true;
        Array.ForEach(_workers, static w => w.IsWaiting = false);
        if (Choose(null, mayGoOn: false) is { } next)
        {
            _workers[next].Go();
        }
        else
        {
            _over.SetResult();
        }
    }

    // Who goes on: the same thread, as the first choice, or another one.
    private int? Choose(int? self, bool mayGoOn)
    {
        Span<int> candidates = stackalloc int[_workers.Length];
        int count = 0;
        bool mayPreempt = _random is null
            ? _left > 0
            : Runs % 2 == 0 ? _preempted.Contains(_trace.Count) : _random.Next(PreemptedOneIn) == 0;
        if (mayGoOn)
        {
            candidates[count++] = self!.Value;
        }

        if (!mayGoOn || mayPreempt)
        {
            for (int i = 0; i < _workers.Length; i++)
            {
                if (i != self && !_workers[i].IsOver && !_workers[i].IsWaiting)
                {
                    candidates[count++] = i;
                }
            }
        }

        if (count == 0)
        {
            return null;
        }

        int chosen = 0;
        if (count > 1 && _random is not null)
        {
            chosen = _random.Next(count);
        }
        else if (count > 1)
        {
            if (_at == _choices.Count)
            {
                _choices.Add((0, count));
            }

            chosen = _choices[_at++].Chosen;
        }

        _left -= mayGoOn && chosen > 0 ? 1 : 0;
        return candidates[chosen];
    }

    private sealed class Worker : IDisposable
    {
        private readonly SemaphoreSlim _go = new(0);
        private readonly Thread _thread;
        private Action? _action;

        public Worker(Explorer explorer)
        {
            Explorer = explorer;
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public Explorer Explorer { get; }

        public bool IsOver { get; set; }

        public bool IsWaiting { get; set; }

        public void Begin(Action action)
        {
            (_action, IsOver, IsWaiting) = (action, false, false);
        }

        public void Go() => _go.Release();

        public void Wait() => _go.Wait();

        public void Dispose()
        {
            _action = null;
            Go();
            if (_thread.Join(TimeSpan.FromSeconds(1)))
            {
                _go.Dispose();
            }
        }

        private void Run()
        {
            s_worker = this;
            while (true)
            {
                Wait();
                if (_action is not { } action)
                {
                    return;
                }

                Exception? exception = null;
                try
                {
                    action();
                }
                catch (Exception e)
                {
                    exception = e;
                }

                Explorer.OnEnd(this, exception);
            }
        }
    }
}
