using Exposition.Engine.Consistency;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine.Publishing;

/// <summary>What stands in the way of a push in other groups. Under the writer lock.</summary>
internal sealed class PushChecks(StoreState state)
{
    // Up to here the series of a push are looked for in other groups under the writer lock: not longer than other work there takes.
    private const int MostLookedForUnderLock = 1000;

    public static PushOutcome? Contradiction(string? error) => error is null ? null : new PushOutcome(PushStatus.Inconsistent, error);

    /// <summary>
    /// Whether one of the pushed families would be under a further name set. The store's own are under all of them, and looked up
    /// otherwise.
    /// </summary>
    public PushOutcome? ExceededNameSets(PendingPush push, NameSet? names)
    {
        foreach ((int family, _) in state.Options.MaxGroupingNameSets > 0 ? push.Rendered : [])
        {
            if (push.Families.Families[family].MetricCount > 0 && IsFull(push.NameOf(family), names))
            {
                return PushLimits.TooManyNameSets(state.Options);
            }
        }

        return null;
    }

    /// <summary>Whether there is more to look for in other groups than may be done under the writer lock.</summary>
    public bool IsMuchToLookFor(PendingPush push, NameSet? names)
    {
        long lookups = 0;
        bool hasOthers = state.Directory.NameSets.Count > (names is null ? 0 : 1);
        foreach ((int family, _) in hasOthers ? push.Rendered : [])
        {
            if (!push.IsOwn(family) && state.Directory.TryGet(push.NameOf(family), out FamilyInfo? info) && info.IsBeside(names))
            {
                lookups += (long)push.Families.Families[family].MetricCount * info.NameSets.Length;
            }
        }

        return lookups > MostLookedForUnderLock;
    }

    public bool IsAnyClosed(PendingPush push)
    {
        foreach ((int family, _) in push.Rendered)
        {
            if (state.Directory.TryGet(push.NameOf(family), out FamilyInfo? info) && info.IsClosed)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Unchecked pushes are checked too, but what contradicts others is hidden, and so always is what contradicts the host. The store's
    /// own
    /// families are those of a group that could be made, so they fit; unless they did not, and are hidden.
    /// </summary>
    public string? Check(
        PendingPush push,
        ReadOnlySpan<(int Family, int Entry)> rendered,
        GroupSlot? slot,
        FamilyEntry[] next,
        ref List<HiddenFamily>? hidden,
        EarlyCheck? early = null)
    {
        NameSet? names = slot?.Names ?? state.Directory.NameSets.Find(push.Key);
        FamilyEntry[] pushed = push.Entries;
        foreach ((int family, int entry) in rendered)
        {
            if (pushed[entry].Text.IsEmpty || (slot is not null && push.IsOwn(family) && !slot.Current!.IsHidden(pushed[entry].Name.Span)))
            {
                continue;
            }

            if (state.Rules.Find(push.Families, family, slot?.Current, names, next, early) is { } clash)
            {
                if (IsRefused(clash) && !(slot is not null && push.IsOwn(family)))
                {
                    return clash.Message;
                }

                state.Hidden.Hide(next, pushed[entry].Name.Span, clash, ref hidden);
            }
        }

        return null;
    }

    public bool IsRefused(Clash clash) => state.Options.CheckConsistency && !clash.IsWithHost;

    public bool IsFull(ReadOnlySpan<byte> family, NameSet? names) =>
        state.Options.MaxGroupingNameSets is > 0 and var most && !BuiltInFamilies.IsAny(family)
            && state.Directory.IsFull(family, names, most);

    /// <summary>For an early check. Not of those that the store has made itself: something changes in them all the time.</summary>
    public void NoteSome(EarlyCheck early, PendingPush push, NameSet? names, ref int next)
    {
        for (int cost = 0; next < push.Rendered.Length && cost < MostLookedForUnderLock; next++)
        {
            int family = push.Rendered[next].Family;
            if (!push.IsOwn(family))
            {
                bool isKnown = state.Directory.TryGet(push.NameOf(family), out FamilyInfo? info);
                early.Note(family, info, names);
                cost += isKnown ? 1 + info!.NameSets.Length : 1;
            }
        }
    }
}
