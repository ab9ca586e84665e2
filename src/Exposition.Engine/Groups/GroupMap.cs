namespace Exposition.Engine.Groups;

// A sorted array, and what has changed since it was made. The first that goes through the groups merges them, for all that have the same
// map: a copy of the array with a few places more or less. So a creation or deletion costs the same however many groups there are, and a
// view after it little more than the copy. If no view is opened for long they are merged without the writer lock, and what has changed
// meanwhile is put on top.

/// <summary>The groups in order of their keys. Immutable; replaced when a group is created or deleted.</summary>
internal sealed class GroupMap
{
    private const int ChangesKept = 1000;

    private State _state;
    private long _publishedAt;
    private GroupMap? _previous;

    private GroupMap(State state) => _state = state;

    /// <summary>When it was published; see <see cref="Timeline"/>.</summary>
    public long PublishedAt => Volatile.Read(ref _publishedAt);

    /// <summary>The one before, while a view may be on its way to it.</summary>
    public GroupMap? Previous
    {
        get => Volatile.Read(ref _previous);
        set => Volatile.Write(ref _previous, value);
    }

    public int Count => Volatile.Read(ref _state).Count;

    /// <summary>Changes that are not merged yet.</summary>
    public int PendingChanges => Volatile.Read(ref _state).Changes;

    /// <summary>Whether the changes that nobody has asked for yet take more than what they are changes of.</summary>
    public bool IsOverdue
    {
        get
        {
            State state = Volatile.Read(ref _state);
            return state.Changes > Math.Max(ChangesKept, state.Sorted.Length);
        }
    }

    /// <summary>The slots in key order; merged by the first who asks.</summary>
    public ReadOnlySpan<GroupSlot> Slots
    {
        get
        {
            State state = Volatile.Read(ref _state);
            if (state.Last is not null)
            {
                state = state.Merge();
                Volatile.Write(ref _state, state);
            }

            return state.Sorted;
        }
    }

    /// <summary>The map of a store without groups, as it was ever.</summary>
    public static GroupMap Empty() => new(new State([], null, 0, 0)) { _publishedAt = Timeline.Ever };

    /// <summary>A map of many groups at once, in any order.</summary>
    public static GroupMap Of(ReadOnlySpan<GroupSlot> slots)
    {
        GroupSlot[] sorted = slots.ToArray();
        KeyOrder.Sort(sorted);
        return new GroupMap(new State(sorted, null, 0, sorted.Length));
    }

    public long Stamp(Timeline timeline) => timeline.Stamp(ref _publishedAt);

    /// <summary>Another of the same groups.</summary>
    public GroupMap Unchanged() => new(Volatile.Read(ref _state));

    /// <summary>The map with a group more, of a key that none has.</summary>
    public GroupMap With(GroupSlot slot) => Changed(slot, isThere: true);

    /// <summary>The map without a group that it has.</summary>
    public GroupMap Without(GroupSlot slot) => Changed(slot, isThere: false);

    /// <summary>The map without some groups that it has, in order of their keys.</summary>
    public GroupMap Without(ReadOnlySpan<GroupSlot> some)
    {
        ReadOnlySpan<GroupSlot> all = Slots;
        var left = new GroupSlot[all.Length - some.Length];
        int kept = 0;
        int next = 0;
        foreach (GroupSlot slot in all)
        {
            if (next < some.Length && ReferenceEquals(some[next], slot))
            {
                next++;
            }
            else
            {
                left[kept++] = slot;
            }
        }

        return new GroupMap(new State(left, null, 0, left.Length));
    }

    /// <summary>What has come and gone since an earlier map whose groups somebody has asked for, the first first.</summary>
    /// <returns>Null if that cannot be told any more: they were merged meanwhile.</returns>
    public IReadOnlyList<(GroupSlot Slot, bool IsThere)>? ChangesSince(GroupMap earlier)
    {
        if (ReferenceEquals(this, earlier))
        {
            return [];
        }

        State before = Volatile.Read(ref earlier._state);
        State state = Volatile.Read(ref _state);
        return ReferenceEquals(state.Sorted, before.Sorted) && state.Since(before) is { } changes
            ? changes.ConvertAll(static change => (change.Slot, change.IsThere)) : null;
    }

    /// <summary>Begins to merge the changes. Takes a while, for which the map may be replaced.</summary>
    /// <returns>Ends it, with the newest map.</returns>
    public Action<GroupMap> Merge()
    {
        State before = Volatile.Read(ref _state);
        State merged = before.Merge();
        return newest =>
        {
            // Outside of the writer lock only merged states are written, so no change is lost. One that was merged meanwhile is left.
            State state = Volatile.Read(ref newest._state);
            if (ReferenceEquals(state.Sorted, before.Sorted) && state.Since(before) is { } later)
            {
                Volatile.Write(ref newest._state, merged.With(later, state.Count));
            }
        };
    }

    private GroupMap Changed(GroupSlot slot, bool isThere)
    {
        State state = Volatile.Read(ref _state);
        var next = new State(state.Sorted, new Change(slot, isThere, state.Last), state.Changes + 1, state.Count + (isThere ? 1 : -1));
        return new GroupMap(next);
    }

    private sealed record Change(GroupSlot Slot, bool IsThere, Change? Before);

    private sealed record State(GroupSlot[] Sorted, Change? Last, int Changes, int Count)
    {
        public State Merge()
        {
            Change[] changes = Newest();
            var merged = new GroupSlot[Count];
            (int from, int to) = (0, 0);
            foreach (Change change in changes)
            {
                int at = from + ByKey.PlaceOf(Sorted.AsSpan(from), change.Slot.Key);
                Array.Copy(Sorted, from, merged, to, at - from);
                to += at - from;
                from = at < Sorted.Length && Sorted[at].Key.Equals(change.Slot.Key) ? at + 1 : at;
                if (change.IsThere)
                {
                    merged[to++] = change.Slot;
                }
            }

            Array.Copy(Sorted, from, merged, to, Sorted.Length - from);
            return new State(merged, null, 0, Count);
        }

        // The changes after those of an earlier state, the first first; null if it is none.
        public List<Change>? Since(State earlier)
        {
            var later = new List<Change>(Math.Max(0, Changes - earlier.Changes));
            for (Change? change = Last; !ReferenceEquals(change, earlier.Last); change = change.Before)
            {
                if (change is null)
                {
                    return null;
                }

                later.Add(change);
            }

            later.Reverse();
            return later;
        }

        public State With(List<Change> later, int count)
        {
            Change? last = Last;
            foreach (Change change in later)
            {
                last = new Change(change.Slot, change.IsThere, last);
            }

            return new State(Sorted, last, Changes + later.Count, count);
        }

        // Of each key the last change, in order of keys.
        private Change[] Newest()
        {
            var changes = new Change[Changes];
            int at = Changes;
            for (Change? change = Last; change is not null; change = change.Before)
            {
                changes[--at] = change;
            }

            // Stable, and of a run the last one stays.
            Change[] sorted = [.. changes.OrderBy(static change => change.Slot.Key)];
            int kept = 0;
            for (int i = 0; i < sorted.Length; i++)
            {
                if (i + 1 == sorted.Length || !sorted[i].Slot.Key.Equals(sorted[i + 1].Slot.Key))
                {
                    sorted[kept++] = sorted[i];
                }
            }

            return sorted[..kept];
        }
    }
}
