using System.Runtime.InteropServices;
using Exposition.Engine;

namespace Exposition.Replication.Merging;

/// <summary>How a group stands that the log does not have as it is here.</summary>
/// <param name="DeletedAt">When it was deleted here, in nanoseconds since the Unix epoch; 0 if it is there.</param>
/// <param name="Known">The revision that the log is known to have of it, 0 for none; null where only the group itself says it.</param>
/// <param name="TooLargeFor">The most bytes of an entry as they were when it was found to be larger; 0 if it was not.</param>
internal readonly record struct UnsharedGroup(long DeletedAt, long? Known, int TooLargeFor);

/// <summary>
/// The groups that the log does not have as they are here: changed while it was away, lost by it, or to be seeded. Safe for concurrent use.
/// </summary>
internal sealed class Unshared
{
    private readonly Lock _lock = new();
    private readonly Dictionary<GroupingKey, UnsharedGroup> _groups = [];

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _groups.Count;
            }
        }
    }

    /// <summary>A group was changed here.</summary>
    public void Add(GroupingKey key, long deletedAt = 0)
    {
        lock (_lock)
        {
            ref UnsharedGroup group = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, key, out _);
            group = group with { DeletedAt = deletedAt, TooLargeFor = 0 };
        }
    }

    /// <summary>The log is known to have it with a revision.</summary>
    public void Know(GroupingKey key, long revision) => Update(key, group => group with { Known = revision });

    /// <summary>It is larger than an entry may be.</summary>
    public void IsTooLarge(GroupingKey key, int mostBytes) => Update(key, group => group with { TooLargeFor = mostBytes });

    /// <summary>Whether it is one.</summary>
    public bool TryGet(GroupingKey key, out UnsharedGroup group)
    {
        lock (_lock)
        {
            return _groups.TryGetValue(key, out group);
        }
    }

    /// <summary>The log has it.</summary>
    public void Remove(GroupingKey key)
    {
        lock (_lock)
        {
            _groups.Remove(key);
        }
    }

    /// <summary>The log has begun anew: what it has of them is not known.</summary>
    public void ForgetRevisions()
    {
        lock (_lock)
        {
            foreach (GroupingKey key in _groups.Keys.ToArray())
            {
                _groups[key] = _groups[key] with { Known = null };
            }
        }
    }

    /// <summary>All of them, in order of their keys.</summary>
    public KeyValuePair<GroupingKey, UnsharedGroup>[] All()
    {
        lock (_lock)
        {
            return [.. _groups.OrderBy(static pair => pair.Key)];
        }
    }

    private void Update(GroupingKey key, Func<UnsharedGroup, UnsharedGroup> change)
    {
        lock (_lock)
        {
            if (_groups.TryGetValue(key, out UnsharedGroup group))
            {
                _groups[key] = change(group);
            }
        }
    }
}
