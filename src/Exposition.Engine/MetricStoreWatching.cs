using System.Runtime.CompilerServices;

namespace Exposition.Engine;

/// <summary>Ways to hear of changes.</summary>
/// <example>
/// What becomes of the groups of one job, until it is cancelled:
/// <code>
/// await foreach (GroupChange change in store.WatchAsync(GroupSelector.Parse("{job=\"nightly\"}"), cancellation))
/// {
///     Console.WriteLine(change.Group is { } group ? $"{change.Key} has {group.Families.Count} families" : $"{change.Key} is gone");
/// }
/// </code>
/// </example>
public static class MetricStoreWatching
{
    /// <summary>
    /// Follows changes of groups: pushes, refusals, deletes, expiries. A group that changes again before the consumer has come to it is
    /// given once, as it is then; so who is slow misses states in between, and never the last one.
    /// </summary>
    /// <remarks>
    /// It begins when the enumerator is first asked to move on: what is in place when that call returns is for
    /// <see cref="MetricStoreReading.GetGroups"/>, all later changes are given. It ends with the enumeration, and leaves nothing behind.
    /// There are as many as 100 at once; one costs a push a look at the group's entry in it, and keeps one entry for each group.
    /// </remarks>
    /// <param name="store">The store.</param>
    /// <param name="groups">Which groups; null for all.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="InvalidOperationException">The store is watched by as many as may; or, of a move: more groups wait for this
    /// consumer than 100,000 and twice as many as there have been at once, so that it will not be told of some that have gone: list the
    /// groups, and watch anew.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async IAsyncEnumerable<GroupChange> WatchAsync(
        this MetricStore store, GroupSelector? groups = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        using ChangeFeed feed = store.SubscribeToCopies(groups);
        while (true)
        {
            await feed.WaitAsync(cancellation).ConfigureAwait(false);
            while (Next(feed) is { } change)
            {
                yield return change;
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>Has an observer told of pushes, refusals, deletes and expiries. There are as many as 1,000 at once.</summary>
    /// <param name="store">The store.</param>
    /// <param name="observer">See there for when and how it is called.</param>
    /// <returns>Unsubscribes it when it is disposed of, at any time and by anybody: no call begins after that, one that has begun may go
    /// on.</returns>
    /// <exception cref="InvalidOperationException">There are as many as there may be.</exception>
    public static IDisposable Subscribe(this MetricStore store, IStoreObserver observer)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(observer);
        return store.State.Observers.Add(observer);
    }

    /// <summary>How often an observer has thrown something; see <see cref="StoreOptions.ObserverFailed"/>.</summary>
    public static long ObserverFailures(this MetricStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.State.Observers.Failures;
    }

    private static GroupChange? Next(ChangeFeed feed) =>
        feed.IsBehind ? throw new InvalidOperationException(
            "the watcher has fallen behind: more groups have changed than are kept for it; list the groups, and watch anew")
        : feed.TryTakeCopy(out GroupChange? change) ? change : null;
}
