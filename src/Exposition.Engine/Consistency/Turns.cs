using Exposition.Engine.Explore;

namespace Exposition.Engine.Consistency;

// Who prepares the next snapshot of a group without a lock has worked in vain if another was quicker. Who has lost insists: he waits until
// those are done who insist before him, and all others wait for him; so he loses again only against those who were on their way.

/// <summary>Who comes next to change a group, where several want to.</summary>
internal sealed class Turns
{
    private const int MostSpare = 16;

    // In milliseconds: what others do that is small takes less.
    private const int Soon = 1;

    private readonly Lock _lock = new();
    private readonly Dictionary<GroupingKey, Turn> _turns = [];
    private readonly Stack<Turn> _spare = new(MostSpare);
    private int _count;

    /// <summary>Waits for one's turn, if anybody insists.</summary>
    /// <param name="key">The group's.</param>
    /// <param name="insists">Whether the caller has lost before.</param>
    public Scope Enter(GroupingKey key, bool insists)
    {
        if ((!insists && Volatile.Read(ref _count) == 0) || Join(key, insists) is not { } turn)
        {
            return default;
        }

        Explored.WaitFor(turn.Lock);
        turn.Lock.Enter();
        return new Scope(this, key, turn);
    }

    /// <summary>Takes a turn as one who insists, if it comes at once or soon.</summary>
    public bool TryEnter(GroupingKey key, out Scope scope)
    {
        Turn turn = Join(key, insists: true)!;
        bool entered = turn.Lock.TryEnter(Soon);
        if (!entered)
        {
            Part(key, turn);
        }

        scope = entered ? new Scope(this, key, turn) : default;
        return entered;
    }

    // Null where no push waits for a turn of this group and the caller does not insist.
    private Turn? Join(GroupingKey key, bool insists)
    {
        lock (_lock)
        {
            if (!_turns.TryGetValue(key, out Turn? turn))
            {
                if (!insists)
                {
                    return null;
                }

                _turns.Add(key, turn = _spare.TryPop(out Turn? spare) ? spare : new Turn());
                Volatile.Write(ref _count, _turns.Count);
            }

            turn.Users++;
            return turn;
        }
    }

    private void Leave(GroupingKey key, Turn turn)
    {
        turn.Lock.Exit();
        Part(key, turn);
        Explored.Step("LeftTurn");
    }

    private void Part(GroupingKey key, Turn turn)
    {
        lock (_lock)
        {
            if (--turn.Users == 0)
            {
                _turns.Remove(key);
                if (_spare.Count < MostSpare)
                {
                    _spare.Push(turn);
                }

                Volatile.Write(ref _count, _turns.Count);
            }
        }
    }

    internal sealed class Turn
    {
        public Lock Lock { get; } = new();

        public int Users { get; set; }
    }

    /// <summary>Ends with the turn.</summary>
    internal readonly ref struct Scope(Turns? turns, GroupingKey key, Turn turn)
    {
        public void Dispose() => turns?.Leave(key, turn);
    }
}
