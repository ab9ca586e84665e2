using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Engine.Memory;

namespace Exposition.Kestrel.Api;

/// <summary>The groups that <c>/api/v1/metrics</c> is asked for, where it is not for all.</summary>
internal sealed class MetricsPart
{
    private readonly GroupQuery _query;
    private readonly GroupingKey? _after;
    private TimeSlice _slice = TimeSlice.Start();
    private int _taken;
    private GroupingKey? _last;

    private MetricsPart(GroupQuery query, GroupingKey? after) => (_query, _after) = (query, after);

    /// <summary>Where the rest begins, if some were left out behind the last one.</summary>
    public string? Next { get; private set; }

    /// <summary>Reads the keys.</summary>
    /// <param name="keys">The query; says what is wrong with it.</param>
    /// <returns>Null if all groups are asked for.</returns>
    public static MetricsPart? Of(QueryKeys keys)
    {
        if (!keys.Has("match[]") && !keys.Has("limit") && !keys.Has("after"))
        {
            return null;
        }

        var query = new GroupQuery { Selectors = keys.Selectors(), Limit = keys.Limit(int.MaxValue, int.MaxValue) };
        return new MetricsPart(query, keys.After(GroupSort.Key)?.Key);
    }

    /// <summary>The place of the first group behind that where it is to go on.</summary>
    public int First(ReadOnlySpan<GroupSnapshot> groups)
    {
        (int from, int to) = (0, _after is null ? 0 : groups.Length);
        while (from < to)
        {
            int middle = from + ((to - from) / 2);
            (from, to) = groups[middle].Key.CompareTo(_after) <= 0 ? (middle + 1, to) : (from, middle);
        }

        return from;
    }

    /// <summary>Whether a group is wanted. When <see cref="Next"/> is known, none is any more.</summary>
    public async ValueTask<bool> TakesAsync(GroupingKey key)
    {
        if (_slice.IsOver())
        {
            await TimeSlice.Pass();
        }

        if (Next is not null || !_query.Chooses(key))
        {
            return false;
        }

        if (_taken == _query.Limit)
        {
            Next = GroupCursor.IdOf(_last!);
            return false;
        }

        _taken++;
        _last = key;
        return true;
    }
}
