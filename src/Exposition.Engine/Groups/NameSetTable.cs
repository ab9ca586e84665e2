namespace Exposition.Engine.Groups;

/// <summary>
/// The sets of grouping label names, and how many groups have each. Kept by the writer, under the store's writer lock; only what is in
/// <see cref="Known"/> may be read without it.
/// </summary>
internal sealed class NameSetTable
{
    private readonly Dictionary<byte[], (NameSet Set, int Groups)> _nameSets = new(Utf8Key.Comparer);
    private byte[] _joined = new byte[256];
    private NameSet[]? _known;

    /// <summary>How many there are.</summary>
    public int Count => _nameSets.Count;

    /// <summary>The cached result of the last <see cref="List"/>; null if a name set was added since.</summary>
    public NameSet[]? Known => Volatile.Read(ref _known);

    /// <summary>Lists all of them.</summary>
    public NameSet[] List()
    {
        NameSet[] all = [.. _nameSets.Values.Select(static known => known.Set)];
        Volatile.Write(ref _known, all);
        return all;
    }

    private Dictionary<byte[], (NameSet Set, int Groups)>.AlternateLookup<ReadOnlySpan<byte>> NameSets =>
        _nameSets.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>The name set of a key, counted once more.</summary>
    public NameSet Acquire(GroupingKey key)
    {
        ReadOnlySpan<byte> joined = Join(key);
        Dictionary<byte[], (NameSet Set, int Groups)>.AlternateLookup<ReadOnlySpan<byte>> sets = NameSets;
        if (!sets.TryGetValue(joined, out (NameSet Set, int Groups) known))
        {
            known = (new NameSet(NamesOf(key)), 0);
            Volatile.Write(ref _known, null);
        }

        EmptyInstances += key.HasEmptyInstance ? 1 : 0;
        sets[joined] = (known.Set, known.Groups + 1);
        return known.Set;
    }

    /// <summary>The name set of a key if some group has it.</summary>
    public NameSet? Find(GroupingKey key) => NameSets.TryGetValue(Join(key), out (NameSet Set, int Groups) known) ? known.Set : null;

    /// <summary>How many groups have an empty instance: they may have the store's own series in common with one that has none.</summary>
    public int EmptyInstances { get; private set; }

    public void Release(GroupingKey key)
    {
        EmptyInstances -= key.HasEmptyInstance ? 1 : 0;
        ReadOnlySpan<byte> joined = Join(key);
        Dictionary<byte[], (NameSet Set, int Groups)>.AlternateLookup<ReadOnlySpan<byte>> sets = NameSets;
        (NameSet set, int groups) = sets[joined];
        if (groups == 1)
        {
            sets.Remove(joined);
            Volatile.Write(ref _known, null);
        }
        else
        {
            sets[joined] = (set, groups - 1);
        }
    }

    private static byte[][] NamesOf(GroupingKey key)
    {
        var names = new List<byte[]>();
        foreach (GroupingLabel label in key.Labels)
        {
            names.Add(label.Name.ToArray());
        }

        return [.. names];
    }

    // Good until the next call. Names without their values are never longer than the key.
    private ReadOnlySpan<byte> Join(GroupingKey key)
    {
        if (_joined.Length < key.Bytes.Length + 1)
        {
            _joined = new byte[(key.Bytes.Length + 1) * 2];
        }

        int length = 0;
        foreach (GroupingLabel label in key.Labels)
        {
            label.Name.CopyTo(_joined.AsSpan(length));
            length += label.Name.Length;
            _joined[length++] = GroupingKey.Separator;
        }

        return _joined.AsSpan(0, length);
    }
}
