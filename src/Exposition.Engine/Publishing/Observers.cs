using System.Collections.Concurrent;

namespace Exposition.Engine.Publishing;

// A push is told by the thread that makes it, outside of all locks. Ends of groups come about under the writer lock, wherever a group is
// found to be due: they are queued there, and told by the next thread that comes by without a lock, one thread at a time, so that an expiry
// is told before the end of its group.

/// <summary>Those who are told what becomes of groups. Without any, a push costs one look at a field for them.</summary>
internal sealed class Observers(StoreOptions options)
{
    private const int Most = 1000;

    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<(GroupingKey Key, bool IsExpiry)> _ends = [];
    private IStoreObserver[]? _all;
    private int _isTelling;
    private long _failures;

    /// <inheritdoc cref="MetricStoreWatching.ObserverFailures"/>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Whether there is one.</summary>
    public bool Any => Volatile.Read(ref _all) is not null;

    /// <summary>Adds one.</summary>
    /// <returns>Takes it away when it is disposed of.</returns>
    /// <exception cref="InvalidOperationException">There are as many as there may be.</exception>
    public IDisposable Add(IStoreObserver observer)
    {
        lock (_lock)
        {
            IStoreObserver[] all = _all ?? [];
            if (all.Length == Most)
            {
                throw new InvalidOperationException($"a store has at most {Most} observers at once: dispose of those that have ended");
            }

            if (all.Length == 0)
            {
                // What ended before anybody listened.
                _ends.Clear();
            }

            var place = new Place(this, observer);
            Volatile.Write(ref _all, [.. all, place]);
            return place;
        }
    }

    private void Remove(Place place)
    {
        lock (_lock)
        {
            IStoreObserver[] left = [.. (_all ?? []).Where(other => !ReferenceEquals(other, place))];
            Volatile.Write(ref _all, left.Length > 0 ? left : null);
            if (left.Length == 0)
            {
                _ends.Clear();
            }
        }
    }

    /// <summary>A push was stored.</summary>
    public void Pushed(in PushedEvent stored)
    {
        foreach (IStoreObserver observer in Volatile.Read(ref _all) ?? [])
        {
            try
            {
                observer.Pushed(stored);
            }
            catch (Exception e)
            {
                Fail(e);
            }
        }
    }

    /// <summary>Something has become of a push.</summary>
    public void Tell(GroupingKey key, PushFormat format, PushMode mode, int bytes, in PushOutcome outcome, object? sender)
    {
        if (Volatile.Read(ref _all) is not { } all)
        {
            return;
        }

        TellEnds();
        if (outcome.IsStored)
        {
            Pushed(new PushedEvent(key, format, mode, bytes));
            return;
        }

        var refused = new RefusedEvent(key, outcome.Status, outcome.Error ?? "", sender?.ToString());
        foreach (IStoreObserver observer in all)
        {
            try
            {
                observer.Refused(refused);
            }
            catch (Exception e)
            {
                Fail(e);
            }
        }
    }

    /// <summary>The series of a group have expired. Under the writer lock.</summary>
    public void Expired(GroupingKey key) => Queue(key, isExpiry: true);

    /// <summary>A group is gone. Under the writer lock.</summary>
    public void Gone(GroupingKey key) => Queue(key, isExpiry: false);

    private void Queue(GroupingKey key, bool isExpiry)
    {
        if (Volatile.Read(ref _all) is not null)
        {
            _ends.Enqueue((key, isExpiry));
        }
    }

    /// <summary>Tells of the ends so far. Outside of all locks.</summary>
    public void TellEnds()
    {
        // A thread looks at the queue again after it has said that it tells no more, so that what was queued meanwhile is not forgotten.
        while (Any && !_ends.IsEmpty && Interlocked.Exchange(ref _isTelling, 1) == 0)
        {
            while (_ends.TryDequeue(out (GroupingKey Key, bool IsExpiry) end))
            {
                TellEnd(end.Key, end.IsExpiry);
            }

            Interlocked.Exchange(ref _isTelling, 0);
        }
    }

    private void TellEnd(GroupingKey key, bool isExpiry)
    {
        foreach (IStoreObserver observer in Volatile.Read(ref _all) ?? [])
        {
            try
            {
                if (isExpiry)
                {
                    observer.Expired(key);
                }
                else
                {
                    observer.Deleted(key);
                }
            }
            catch (Exception e)
            {
                Fail(e);
            }
        }
    }

    private void Fail(Exception thrown)
    {
        Interlocked.Increment(ref _failures);
        try
        {
            options.ObserverFailed?.Invoke(thrown);
        }
        catch (Exception)
        {
            // The failure is counted. That it could not be told must not fail a push.
        }
    }

    // The same observer may be there twice, and one place of it go.
    private sealed class Place(Observers all, IStoreObserver observer) : IStoreObserver, IDisposable
    {
        private volatile bool _isDisposed;

        public void Pushed(in PushedEvent push)
        {
            if (!_isDisposed)
            {
                observer.Pushed(push);
            }
        }

        public void Refused(in RefusedEvent push)
        {
            if (!_isDisposed)
            {
                observer.Refused(push);
            }
        }

        public void Deleted(GroupingKey key)
        {
            if (!_isDisposed)
            {
                observer.Deleted(key);
            }
        }

        public void Expired(GroupingKey key)
        {
            if (!_isDisposed)
            {
                observer.Expired(key);
            }
        }

        public void Dispose()
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                all.Remove(this);
            }
        }
    }
}
