using System.Runtime.InteropServices;

namespace Exposition.Engine.Counting;

// Of a job's name, which may be long, a hash is kept: there may be as many jobs as groups. It is keyed anew in each process and has 64
// bits, so two of a million jobs fall together in one process of forty million, and nobody can make them.

/// <summary>How many jobs the groups have. Changed under the store's writer lock; the count may be read at any time.</summary>
internal sealed class JobTable
{
    // Many, as those of the groups: one that is full is made anew as a whole.
    private const int Tables = 64;

    private Dictionary<ulong, int>[] _groups = NewTables();
    private long _count;

    public long Count => Volatile.Read(ref _count);

    /// <summary>A group has come.</summary>
    public void Add(GroupingKey key)
    {
        ulong job = JobOf(key);
        ref int groups = ref CollectionsMarshal.GetValueRefOrAddDefault(TableOf(job), job, out bool known);
        groups++;
        _count += known ? 0 : 1;
    }

    /// <summary>One that had come has gone.</summary>
    public void Remove(GroupingKey key)
    {
        ulong job = JobOf(key);
        ref int groups = ref CollectionsMarshal.GetValueRefOrNullRef(TableOf(job), job);
        if (--groups == 0)
        {
            TableOf(job).Remove(job);
            _count--;
        }
    }

    /// <summary>All have gone.</summary>
    public void Clear()
    {
        _groups = NewTables();
        Volatile.Write(ref _count, 0);
    }

    private static Dictionary<ulong, int>[] NewTables() =>
        [.. Enumerable.Range(0, Tables).Select(static _ => new Dictionary<ulong, int>())];

    private Dictionary<ulong, int> TableOf(ulong job) => _groups[job % Tables];

    private static ulong JobOf(GroupingKey key)
    {
        foreach (GroupingLabel label in key.Labels)
        {
            if (label.Name.SequenceEqual("job"u8))
            {
                return ((ulong)Hash(label.Value, 0) << 32) | Hash(label.Value, 1);
            }
        }

        return 0;
    }

    private static uint Hash(ReadOnlySpan<byte> name, int half)
    {
        HashCode hash = default;
        hash.Add(half);
        hash.AddBytes(name);
        return (uint)hash.ToHashCode();
    }
}
