using Exposition.Engine.Ingest;
using Exposition.Engine.Memory;
using Exposition.Engine.Remembering;
using Exposition.Formats;

namespace Exposition.Engine.Adding;

/// <summary>What becomes of a source by a push: what its values have grown by, and what is known of it then.</summary>
/// <param name="before">What was known of it; null of a new one.</param>
internal sealed class SourceUpdate(SourceState? before)
{
    private readonly FamilySet _next = new();
    private readonly FamilySet _last = new();
    private readonly List<int> _families = [];
    private readonly HashSet<int> _pushed = [];

    /// <summary>Finds out what a family has grown by.</summary>
    /// <param name="pushed">The push.</param>
    /// <param name="family">The family there.</param>
    /// <param name="source">The same as before.</param>
    /// <param name="grown">Where that goes, as the only family.</param>
    /// <param name="aggregate">What becomes of what does not count.</param>
    /// <param name="join">Joins families.</param>
    /// <returns>Why that cannot be said, or null.</returns>
    public string? Grow(FamilySet pushed, int family, SourceState? source, FamilySet grown, Aggregate aggregate, FamilyJoin join)
    {
        grown.Reset();
        _last.Reset();
        ReadOnlySpan<byte> name = pushed.Text(pushed.Families[family].Name);
        MetricType type = pushed.Families[family].Type;
        int at = GroupSnapshot.IndexOf(source?.Families, name);
        _pushed.Add(at);
        bool isKnown = at >= 0 && source!.Families![at].Type == type;
        if (isKnown)
        {
            source!.Families![at].Read(_last);
        }

        long? forgottenAt = source is { IsForgotten: true } ? source.LastPush : null;
        string? error = join.Grow(isKnown ? _last : null, pushed, family, grown, FamilyCopy.Head(pushed, family, grown), forgottenAt);
        if (error is null)
        {
            int next = FamilyCopy.Head(pushed, family, _next);
            _families.Add(next);
            Remember(isKnown ? _last : null, pushed, family, next);
        }

        return error;
    }

    /// <summary>What is known of it then.</summary>
    public SourceState Make(long now)
    {
        // What was not pushed this time stays known.
        FamilyEntry[] known = before?.Families ?? [];
        for (int i = 0; i < known.Length; i++)
        {
            if (!_pushed.Contains(i))
            {
                known[i].Read(_last);
                int kept = FamilyCopy.Head(_last, 0, _next);
                FamilyCopy.Metrics(_last, 0, _next, kept);
                _families.Add(kept);
            }
        }

        _families.Sort((a, b) => _next.Text(_next.Families[a].Name).SequenceCompareTo(_next.Text(_next.Families[b].Name)));
        FamilyEntry[] entries = SnapshotBuilder.Render(
            _next, new BlockWriter(), new BlockWriter(), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_families), now,
            before?.Families ?? [], pool: null, isFirst: true, out _);
        return new SourceState(now, entries);
    }

    // Of a metric that came late what is known stays.
    private void Remember(FamilySet? last, FamilySet pushed, int family, int next)
    {
        MetricType type = pushed.Families[family].Type;
        int a = last is null ? -1 : last.Families[0].FirstMetric;
        int b = pushed.Families[family].FirstMetric;
        while (a >= 0 || b >= 0)
        {
            int order = a < 0 ? 1 : b < 0 ? -1 : SeriesOrder.CompareLabels(last!, a, pushed, b);
            bool isLast = order < 0
                || (order == 0 && MetricSum.IsAdded(type) && FamilyJoin.IsStale(new MetricRef(last!, a), new MetricRef(pushed, b), type));
            MetricCopy.Whole(isLast ? new MetricRef(last!, a) : new MetricRef(pushed, b), _next, next);
            a = order <= 0 ? last!.Metrics[a].Next : a;
            b = order >= 0 ? pushed.Metrics[b].Next : b;
        }
    }
}
