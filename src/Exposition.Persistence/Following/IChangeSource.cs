using Exposition.Engine;

namespace Exposition.Persistence.Following;

/// <summary>What a durable copy needs of a store.</summary>
internal interface IChangeSource : IDisposable
{
    /// <summary>Waits until there is a change.</summary>
    public ValueTask WaitAsync(CancellationToken cancellation);

    /// <summary>Number of groups with a change that was not taken.</summary>
    public int Pending { get; }

    /// <summary>When the oldest change that was not taken happened, as a timestamp of the clock; null if there is none.</summary>
    public long? PendingSince { get; }

    /// <summary>Takes changes of about so many bytes, of the next so many; less is left of these.</summary>
    public int Take(ICollection<GroupChange> into, ref int most, long bytes);

    /// <summary>Says that what was taken is not read any more.</summary>
    public void Release(in GroupChange change);

    /// <summary>Whether there is no group at the time of the call.</summary>
    public bool IsEmpty { get; }

    /// <summary>All groups at the time of the call.</summary>
    public IEnumerable<GroupSnapshot> All();

    /// <inheritdoc cref="MetricStore.ExpiryOf"/>
    public long ExpiryOf(GroupSnapshot group);
}

/// <summary>The store itself.</summary>
internal sealed class StoreChanges(MetricStore store) : IChangeSource
{
    private readonly ChangeFeed _feed = store.Subscribe();

    public int Pending => _feed.Pending;

    public long? PendingSince => _feed.PendingSince;

    public bool IsEmpty => store.GroupCount == 0;

    public ValueTask WaitAsync(CancellationToken cancellation) => _feed.WaitAsync(cancellation);

    public int Take(ICollection<GroupChange> into, ref int most, long bytes) => _feed.Take(into, ref most, bytes);

    public void Release(in GroupChange change) => _feed.Release(change);

    public void Dispose() => _feed.Dispose();

    public long ExpiryOf(GroupSnapshot group) => store.ExpiryOf(group);

    public IEnumerable<GroupSnapshot> All()
    {
        using StoreView view = store.OpenView();
        for (int i = 0; i < view.Groups.Length; i++)
        {
            yield return view.Groups[i];
        }
    }
}
