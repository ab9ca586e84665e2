namespace Exposition.Engine.Tests.Concurrency;

// Wing and Gong's search with Lowe's memory of what was tried ("Testing for linearizability", 2017): take operations one by one, each time
// one that was called before every other that is left had returned, as long as the sequential model agrees; where none is left to take, go
// back. An operation may be several events, one after another (After). Optional ones are taken at any time after their call, or never.

/// <summary>Decides whether a history can be put in an order that keeps real time and that the sequential model agrees with.</summary>
internal static class Linearizability
{
    /// <summary>Checks a history.</summary>
    /// <returns>Null, or how far the best order came.</returns>
    public static string? Check(IReadOnlyList<Event> history, long[] initial, int[] rivals)
    {
        Event[] events = [.. history.OrderBy(static e => e.Called)];
        var search = new Search(events, rivals);
        return search.From(initial) ? null : search.Explain();
    }

    private sealed class Search(Event[] events, int[] rivals)
    {
        private readonly HashSet<State> _tried = [];
        private readonly bool[] _taken = new bool[events.Length];
        private readonly int[] _after = [
            .. events.Select(e => e.After is null ? -1 : Array.FindIndex(events, other => ReferenceEquals(other, e.After)))];
        private readonly Stack<(int Index, long[] Before)> _order = [];
        private (int Index, long[] Before)[] _best = [];

        public bool From(long[] state)
        {
            int next = 0;
            int left = events.Count(static e => !e.IsOptional);
            while (left > 0)
            {
                int found = Find(state, next, out long[]? after);
                if (found >= 0)
                {
                    _taken[found] = true;
                    if (_tried.Add(new State(_taken, after!)))
                    {
                        _order.Push((found, state));
                        left -= events[found].IsOptional ? 0 : 1;
                        _best = _order.Count > _best.Length ? [.. _order] : _best;
                        (state, next) = (after!, 0);
                        continue;
                    }

                    _taken[found] = false;
                    next = found + 1;
                    continue;
                }

                if (!_order.TryPop(out (int Index, long[] Before) last))
                {
                    return false;
                }

                _taken[last.Index] = false;
                left += events[last.Index].IsOptional ? 0 : 1;
                (state, next) = (last.Before, last.Index + 1);
            }

            return true;
        }

        public string Explain() => $"no order agrees; the longest that does, of {_best.Length}, ends with\n"
            + string.Join('\n', _best.Take(20).Reverse().Select(step => $"{events[step.Index]} after {string.Join(' ', step.Before)}"))
            + "\nand leaves\n" + string.Join('\n', events.Except(_best.Select(step => events[step.Index])).Take(20));

        // The first that may come next, and with which the model agrees.
        private int Find(long[] state, int from, out long[]? after)
        {
            long firstReturn = long.MaxValue;
            for (int i = 0; i < events.Length && events[i].Called < firstReturn; i++)
            {
                if (_taken[i])
                {
                    continue;
                }

                firstReturn = events[i].IsOptional ? firstReturn : Math.Min(firstReturn, events[i].Returned);
                if (i >= from && (_after[i] < 0 || _taken[_after[i]])
                    && (after = SequentialModel.Apply(state, events[i], rivals)) is not null)
                {
                    return i;
                }
            }

            after = null;
            return -1;
        }
    }

    private sealed class State : IEquatable<State>
    {
        private readonly ulong[] _taken;
        private readonly long[] _values;
        private readonly int _hash;

        public State(bool[] taken, long[] values)
        {
            _taken = new ulong[(taken.Length + 63) / 64];
            for (int i = 0; i < taken.Length; i++)
            {
                _taken[i / 64] |= taken[i] ? 1UL << (i % 64) : 0;
            }

            _values = values;
            HashCode hash = default;
            Array.ForEach(_taken, hash.Add);
            Array.ForEach(values, hash.Add);
            _hash = hash.ToHashCode();
        }

        public bool Equals(State? other) => other is not null && _hash == other._hash && _taken.AsSpan().SequenceEqual(other._taken)
            && _values.AsSpan().SequenceEqual(other._values);

        public override bool Equals(object? obj) => Equals(obj as State);

        public override int GetHashCode() => _hash;
    }
}
