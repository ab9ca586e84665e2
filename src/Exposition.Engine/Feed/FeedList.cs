using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Feed;

/// <summary>The feeds of a store. Read without a lock; added to and removed from under the writer lock.</summary>
internal sealed class FeedList
{
    private const int Most = 8;
    private const int MostOfCopies = 100;

    private ChangeFeed[] _feeds = [];

    /// <summary>Whether there is one.</summary>
    public bool Any => Volatile.Read(ref _feeds).Length > 0;

    /// <summary>Adds one.</summary>
    /// <param name="create">Makes it, given its place among the live ones.</param>
    /// <exception cref="InvalidOperationException">There are as many as there may be.</exception>
    public ChangeFeed Add(Func<int, ChangeFeed> create)
    {
        if (_feeds.Count(static feed => feed.Index != ChangeFeed.OfCopies) == Most)
        {
            throw new InvalidOperationException($"a store has at most {Most} change feeds");
        }

        return Add(create(Enumerable.Range(0, Most).First(free => !Array.Exists(_feeds, other => other.Index == free))));
    }

    /// <summary>Adds one of copies.</summary>
    /// <exception cref="InvalidOperationException">There are as many as there may be.</exception>
    public ChangeFeed AddOfCopies(Func<int, ChangeFeed> create) =>
        _feeds.Count(static feed => feed.Index == ChangeFeed.OfCopies) < MostOfCopies ? Add(create(ChangeFeed.OfCopies))
            : throw new InvalidOperationException($"a store is watched by at most {MostOfCopies} at once: end those that are not needed");

    // Tell passes a full fence after a push is published. So a push that Tell did not report to the new feed was published before this
    // method returns, and whoever lists the groups after it sees it.
    private ChangeFeed Add(ChangeFeed feed)
    {
        Interlocked.Exchange(ref _feeds, [.. _feeds, feed]);
        return feed;
    }

    /// <summary>Removes one.</summary>
    public void Remove(ChangeFeed feed) => Interlocked.Exchange(ref _feeds, Array.FindAll(_feeds, other => other != feed));

    /// <summary>A group has changed. After the change is in its place, and a full fence, and before it is answered.</summary>
    public void Tell(GroupSlot slot)
    {
        Explored.Step("ReadFeeds");
        foreach (ChangeFeed feed in Volatile.Read(ref _feeds))
        {
            feed.Tell(slot);
        }
    }

    /// <summary>A group is gone.</summary>
    public void TellGone(GroupSlot slot)
    {
        Explored.Step("ReadFeeds");
        foreach (ChangeFeed feed in Volatile.Read(ref _feeds))
        {
            feed.TellGone(slot);
        }
    }

    /// <summary>Groups have gone in one step.</summary>
    public void TellTogether(GroupSlot[] slots)
    {
        Explored.Step("ReadFeeds");
        foreach (ChangeFeed feed in Volatile.Read(ref _feeds))
        {
            feed.TellTogether(slots);
        }
    }

    /// <summary>A group is about to come.</summary>
    public void Adopt(GroupSlot slot)
    {
        foreach (ChangeFeed feed in Volatile.Read(ref _feeds))
        {
            feed.Adopt(slot);
        }
    }
}
