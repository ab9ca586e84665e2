namespace Exposition.Kestrel.Refusals;

/// <summary>The last refusals, in order of when they came last. Not safe for concurrent use.</summary>
/// <param name="most">How many it holds.</param>
/// <param name="mostOfKind">How many of one client and reason.</param>
internal sealed class RefusalRing(int most, int mostOfKind)
{
    // A few hundred references: to close a gap is quicker than to keep a list of lists.
    private readonly Entry[] _entries = new Entry[most];
    private readonly int[] _kinds = new int[most];
    private int _count;

    /// <summary>Those that it holds, the newest last.</summary>
    public ReadOnlySpan<Entry> Entries => _entries.AsSpan(0, _count);

    /// <summary>Adds a refusal, or counts it where it is like the last one of its client and reason.</summary>
    public void Add(Refused refused, DateTimeOffset now)
    {
        int oldest = -1;
        int alike = 0;
        int kind = refused.Kind;
        for (int i = LastOf(kind, _count); i >= 0; i = LastOf(kind, i))
        {
            Entry entry = _entries[i];
            if (!entry.What.IsOfSameKind(refused))
            {
                continue;
            }

            if (alike++ == 0 && entry.What == refused)
            {
                entry.Count++;
                entry.Last = now;
                Remove(i);
                Append(entry);
                return;
            }

            oldest = i;
        }

        if (alike >= mostOfKind)
        {
            Remove(oldest);
        }
        else if (_count == most)
        {
            Remove(0);
        }

        Append(new Entry(refused, now));
    }

    private int LastOf(int kind, int before) => _kinds.AsSpan(0, before).LastIndexOf(kind);

    private void Append(Entry entry)
    {
        _kinds[_count] = entry.What.Kind;
        _entries[_count++] = entry;
    }

    private void Remove(int at)
    {
        Array.Copy(_entries, at + 1, _entries, at, _count - at - 1);
        Array.Copy(_kinds, at + 1, _kinds, at, _count - at - 1);
        _count--;
    }

    /// <summary>Refusals that are alike.</summary>
    internal sealed class Entry(Refused what, DateTimeOffset now)
    {
        public Refused What { get; } = what;

        public DateTimeOffset First { get; } = now;

        public DateTimeOffset Last { get; set; } = now;

        public long Count { get; set; } = 1;
    }
}
