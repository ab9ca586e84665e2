using System.Runtime.InteropServices;
using Exposition.Engine.Ingest;
using Exposition.Engine.Memory;
using Exposition.Engine.Remembering;
using Exposition.Formats;

namespace Exposition.Engine.Adding;

/// <summary>What becomes of a source by a push: what its values have grown by, and what is known of it then.</summary>
/// <param name="before">What was known of it; null of a new one.</param>
/// <param name="times">Of when each metric of the push is, by its place; null where it does not say.</param>
internal sealed class SourceUpdate(SourceState? before, IReadOnlyList<long>? times)
{
    private readonly MetricGrowth _growth = new();
    private readonly FamilySet _next = new();
    private readonly FamilySet _last = new();
    private readonly List<Known> _families = [];
    private readonly HashSet<int> _pushed = [];

    private readonly record struct Known(int Family, long[]? Times);

    /// <summary>How many metrics came late.</summary>
    public int Late { get; private set; }

    /// <summary>
    /// Finds out what a family has grown by. Metrics that came late, and those that are known and were not pushed, are left out.
    /// </summary>
    /// <param name="pushed">The push.</param>
    /// <param name="family">The family there.</param>
    /// <param name="grown">Where that goes, as the only family.</param>
    /// <returns>Why that cannot be said, or null.</returns>
    public string? Grow(FamilySet pushed, int family, FamilySet grown)
    {
        grown.Reset();
        _last.Reset();
        MetricType type = pushed.Families[family].Type;
        int place = GroupSnapshot.IndexOf(before?.Families, pushed.Text(pushed.Families[family].Name));
        _pushed.Add(place);
        long[]? lastTimes = null;
        int a = -1;
        if (place >= 0 && before!.Families![place].Type == type)
        {
            before.Families[place].Read(_last);
            lastTimes = before.TimesOf(place, _last.Families[0].MetricCount);
            a = _last.Families[0].FirstMetric;
        }

        int into = FamilyCopy.Head(pushed, family, grown);
        int next = FamilyCopy.Head(pushed, family, _next);
        List<long> nextTimes = [];
        int b = pushed.Families[family].FirstMetric;
        for (int known = 0; a >= 0 || b >= 0;)
        {
            int order = a < 0 ? 1 : b < 0 ? -1 : SeriesOrder.CompareLabels(_last, a, pushed, b);
            var last = new Reading(new MetricRef(_last, a), order > 0 ? 0 : lastTimes?[known] ?? 0);
            var now = new Reading(new MetricRef(pushed, b), order < 0 ? 0 : times?[b] ?? 0);
            bool isLate = false;
            if (order >= 0
                && (order > 0 ? Begin(now, grown, into, type) : _growth.Grow(last, now, grown, into, type, out isLate)) is { } error)
            {
                return error;
            }

            Late += isLate ? 1 : 0;
            Reading newest = order < 0 || isLate ? last : now;
            MetricCopy.Whole(newest.Metric, _next, next);
            nextTimes.Add(newest.Time);
            known += order <= 0 ? 1 : 0;
            a = order <= 0 ? _last.Metrics[a].Next : a;
            b = order >= 0 ? pushed.Metrics[b].Next : b;
        }

        _families.Add(new Known(next, nextTimes.Exists(static time => time > 0) ? [.. nextTimes] : null));
        return null;
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
                _families.Add(new Known(kept, before!.Times?[i]));
            }
        }

        _families.Sort((a, b) => NameOf(a).SequenceCompareTo(NameOf(b)));
        FamilyEntry[] entries = SnapshotBuilder.Render(
            _next, new BlockWriter(), new BlockWriter(), CollectionsMarshal.AsSpan(_families.ConvertAll(static known => known.Family)), now,
            known, pool: null, isFirst: true, out _);
        bool hasTimes = _families.Exists(static known => known.Times is not null);
        return new SourceState(now, entries, hasTimes ? [.. _families.Select(static known => known.Times)] : null);
    }

    // What a source counts that is not known of it. Where it was forgotten that starts from what it has now, unless it was created later.
    private string? Begin(in Reading now, FamilySet grown, int into, MetricType type)
    {
        if (before is { IsForgotten: true } && !(MetricGrowth.CreatedOf(now.Metric, type)?.Nanoseconds > before.LastPush))
        {
            return _growth.Grow(now, now, grown, into, type, out _);
        }

        MetricGrowth.Begin(now.Metric, grown, into, type);
        return null;
    }

    private ReadOnlySpan<byte> NameOf(Known known) => _next.Text(_next.Families[known.Family].Name);
}
