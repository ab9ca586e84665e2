namespace Exposition.Store.Internal;

// Who prepares the next snapshot of a group without a lock has worked in vain if another was quicker. Who has lost insists: he waits until
// those are done who insist before him, and all others wait for him; so he loses again only against those who were on their way.

/// <summary>Who comes next to change a group, where several want to. Groups share turns by their keys.</summary>
internal sealed class Turns
{
    private const int Count = 64;
    private readonly Turn[] _turns = [.. Enumerable.Range(0, Count).Select(static _ => new Turn())];

    /// <summary>Waits for one's turn, if anybody insists.</summary>
    /// <param name="key">The group's.</param>
    /// <param name="insists">Whether the caller has lost before.</param>
    public Scope Enter(GroupingKey key, bool insists)
    {
        Turn turn = _turns[(uint)key.GetHashCode() % Count];
        if (!insists && Volatile.Read(ref turn.Insisting) == 0)
        {
            return default;
        }

        Interlocked.Add(ref turn.Insisting, insists ? 1 : 0);
        Interleaving.Enter(turn.Lock);
        return new Scope(turn, insists);
    }

    internal sealed class Turn
    {
        public readonly Lock Lock = new();
        public int Insisting;
    }

    /// <summary>Ends with the turn.</summary>
    internal readonly ref struct Scope(Turn? turn, bool insists)
    {
        public void Dispose()
        {
            if (turn is not null)
            {
                Interlocked.Add(ref turn.Insisting, insists ? -1 : 0);
                turn.Lock.Exit();
                Interleaving.At(Step.LeftTurn);
            }
        }
    }
}
