using System.Runtime.InteropServices;

namespace Exposition.Engine.Counting;

// A 64-bit hash of each job's name is kept instead of the name, which may be long: there may be as many jobs as groups. The hash is seeded
// anew in each process, so nobody can choose names that collide; two of a million jobs do so by chance in one process of forty million.

/// <summary>How many jobs the groups have. Changed under the store's writer lock; the count may be read at any time.</summary>
internal sealed class JobTable
{
    // Several, so that a table that grows copies only its own part of the entries.
    private const int Tables = 64;

    private Dictionary<ulong, int>[] _groups = NewTables();
    private long _count;

    public long Count => Volatile.Read(ref _count);

    /// <summary>A group has come.</summary>
    public void Add(GroupingKey key)
    {
        ulong job = HashOf(key.Job);
        ref int groups = ref CollectionsMarshal.GetValueRefOrAddDefault(TableOf(job), job, out bool known);
        groups++;
        _count += known ? 0 : 1;
    }

    /// <summary>One that had come has gone.</summary>
    public void Remove(GroupingKey key)
    {
        ulong job = HashOf(key.Job);
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

    private static ulong HashOf(ReadOnlySpan<byte> job) => ((ulong)Hash(job, 0) << 32) | Hash(job, 1);

    private static uint Hash(ReadOnlySpan<byte> name, int half)
    {
        HashCode hash = default;
        hash.Add(half);
        hash.AddBytes(name);
        return (uint)hash.ToHashCode();
    }
}
