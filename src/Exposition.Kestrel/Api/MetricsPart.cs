using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;

namespace Exposition.Kestrel.Api;

/// <summary>The groups that <c>/api/v1/metrics</c> is asked for, where it is not for all.</summary>
internal sealed class MetricsPart
{
    private readonly GroupQuery _query;
    private readonly GroupingKey? _after;

    private MetricsPart(GroupQuery query, GroupingKey? after) => (_query, _after) = (query, after);

    /// <summary>Whether all groups are gone through for it.</summary>
    public bool IsSearch => _query.Selectors.Count > 0;

    /// <summary>The places of those that were chosen.</summary>
    public List<int> Chosen { get; } = [];

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

    /// <summary>Chooses them, before anything is sent: how long that takes is not for the reader to say.</summary>
    /// <param name="view">All groups.</param>
    /// <param name="gone">Ends it.</param>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public async ValueTask ChooseAsync(StoreView view, CancellationToken gone)
    {
        var slice = TimeSlice.Start();
        for (int i = ByKey.PlaceBehind(view.Groups, _after); i < view.Groups.Length && Next is null; i++)
        {
            if (_query.Chooses(view.Groups[i].Key))
            {
                Take(view.Groups, i);
            }

            if (slice.IsOver())
            {
                gone.ThrowIfCancellationRequested();
                await TimeSlice.Pass();
            }
        }
    }

    private void Take(ReadOnlySpan<GroupSnapshot> groups, int at)
    {
        if (Chosen.Count == _query.Limit)
        {
            Next = GroupCursor.IdOf(groups[Chosen[^1]].Key);
        }
        else
        {
            Chosen.Add(at);
        }
    }
}
