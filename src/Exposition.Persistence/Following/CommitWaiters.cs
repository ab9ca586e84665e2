using System.Diagnostics;
using Exposition.Engine;

namespace Exposition.Persistence.Following;

// A change is in the feed before its maker waits here, and Begin comes before the writer takes from the feed. So when nothing is
// being written and the feed is empty, all that was made before is on disk; and whoever waits while a write runs has its change either in
// that write or still in the feed. All that wait for one write share one task.

/// <summary>Who waits until changes are on disk.</summary>
internal sealed class CommitWaiters(ChangeFeed feed)
{
    private static readonly Task<string?> s_done = Task.FromResult<string?>(null);

    private readonly Lock _lock = new();
    private TaskCompletionSource<string?>? _current;
    private TaskCompletionSource<string?>? _next;
    private bool _writing;
    private string? _failure;

    /// <summary>Waits until all changes made before the call are on disk.</summary>
    /// <returns>Null, or why they are not. While writes fail there is no waiting.</returns>
    public Task<string?> WaitAsync()
    {
        lock (_lock)
        {
            if (_failure is not null)
            {
                return Task.FromResult<string?>(_failure);
            }

            if (!_writing && feed.Pending == 0)
            {
                return s_done;
            }

            _next ??= new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
            return _next.Task;
        }
    }

    /// <summary>A write starts, before it takes any change.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            Debug.Assert(!_writing, "One write at a time.");
            _writing = true;
            _current = _next;
            _next = null;
        }
    }

    /// <summary>The write has ended, and the medium is good.</summary>
    /// <param name="refusal">Why a change could not be written that somebody may wait for here, or null: nobody knows whose it was, so all
    /// are told.</param>
    public void End(string? refusal) => End(refusal, lasting: null);

    /// <summary>The write has failed. Until one has not, nobody waits.</summary>
    public void Fail(string failure) => End(failure, lasting: failure);

    private void End(string? told, string? lasting)
    {
        TaskCompletionSource<string?>? served;
        TaskCompletionSource<string?>? late = null;
        lock (_lock)
        {
            Debug.Assert(_writing, "A write ends that has begun.");
            _writing = false;
            _failure = lasting;
            served = _current;
            _current = null;
            if (lasting is not null || feed.Pending == 0)
            {
                late = _next;
                _next = null;
            }
        }

        served?.SetResult(told);
        late?.SetResult(told);
    }
}
