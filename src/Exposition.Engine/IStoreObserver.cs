namespace Exposition.Engine;

/// <summary>
/// Is told what becomes of groups, while it is subscribed (<see cref="MetricStoreWatching.Subscribe"/>). Each method does nothing unless it
/// is implemented.
/// </summary>
/// <remarks>
/// Calls come when the change can be seen by everybody, outside of all locks of the store, on the thread that has made it: of pushes on the
/// pusher's, before its call returns. So several come at once, those of different threads in no order, and a slow observer slows pushes
/// down; it may use the store. For the present state of a group read it (<see cref="MetricStoreReading.Find"/>), or watch it
/// (<see cref="MetricStoreWatching.WatchAsync"/>). What an observer throws is caught, counted, and told to
/// <see cref="StoreOptions.ObserverFailed"/>; the push is not harmed.
/// </remarks>
/// <example>
/// <code>
/// internal sealed class GoneGroups(ILogger logger) : IStoreObserver
/// {
///     public void Expired(GroupingKey key) => logger.LogInformation("{Group} has expired", key);
/// }
///
/// using IDisposable subscription = store.Subscribe(new GoneGroups(logger));
/// </code>
/// </example>
public interface IStoreObserver
{
    /// <summary>A push was stored.</summary>
    public void Pushed(in PushedEvent push)
    {
    }

    /// <summary>
    /// The store has refused a push. What a host refuses before it comes to the store (<see cref="MetricStore.NoteFailure"/>) is not told.
    /// </summary>
    public void Refused(in RefusedEvent push)
    {
    }

    /// <summary>
    /// A group is gone: it was deleted, or it had expired and the grace is over (<see cref="StoreOptions.ExpiredGrace"/>). Told in order
    /// with <see cref="Expired"/>, by one thread at a time.
    /// </summary>
    public void Deleted(GroupingKey key)
    {
    }

    /// <summary>
    /// The series of a group have expired. Without a grace the group is gone with them, and <see cref="Deleted"/> follows.
    /// </summary>
    public void Expired(GroupingKey key)
    {
    }
}

/// <summary>A push that was stored.</summary>
/// <param name="Key">The group.</param>
/// <param name="Format">The language of its body.</param>
/// <param name="Mode">What became of the group's other families.</param>
/// <param name="Bytes">Size of its body, decoded.</param>
public readonly record struct PushedEvent(GroupingKey Key, PushFormat Format, PushMode Mode, int Bytes);

/// <summary>A push that was refused.</summary>
/// <param name="Key">The group that it was for.</param>
/// <param name="Status">What was wrong; <see cref="PushStatus.Accepted"/> where an unchecked store could keep nothing of it.</param>
/// <param name="Reason">What the pusher is told.</param>
/// <param name="Sender">Text of <see cref="PushDetails.Sender"/>, if there was one.</param>
public readonly record struct RefusedEvent(GroupingKey Key, PushStatus Status, string Reason, string? Sender);
