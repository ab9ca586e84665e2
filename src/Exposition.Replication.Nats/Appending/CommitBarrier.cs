namespace Exposition.Replication.Nats.Appending;

// A leader that was stopped, and does not know yet that another has taken its place, answers questions from what it had. It cannot commit
// anything, though, and a try tells it. So who must not be given what is old appends first; all who ask at the same time share one append.

/// <summary>Lets those through who ask once something has been committed that was sent after they came.</summary>
internal sealed class CommitBarrier(Func<Task<Appended>> append)
{
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private Task<Appended>? _next;

    public Task<Appended> PassAsync()
    {
        lock (_gate)
        {
            return _next ??= SendAfterAsync(_running);
        }
    }

    private async Task<Appended> SendAfterAsync(Task running)
    {
        await Task.Yield();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            _running = _next!;
            _next = null;
        }

        return await append().ConfigureAwait(false);
    }
}
