using Exposition.Engine.Content;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Publishing;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Sharing;

// The pushed families are rendered once, apart from what the group has: so a push can be based on another state of its group without its
// body. The check against other groups is a guess here, as it always is between nodes: what two of them have taken at once is settled when
// both have applied it (Settling). So it need not be one step with anything, and large pushes are checked piece by piece.

/// <summary>Prepares pushes for the log: what they make of their groups. Changes nothing, but lets expire what is due.</summary>
internal sealed class Preparing(StoreState state, WriterLock writer, Expiring expiring, PushChecks checks)
{
    // Checked under one hold of the writer lock.
    private const int CheckedAtOnce = 200;
    private const int MostRounds = 5;

    /// <summary>Bases a push on the newest state of its group, and checks it.</summary>
    /// <returns>Why it is refused; null if it is not.</returns>
    public PushOutcome? Base(PreparedPush push, PushWorkspace workspace)
    {
        GroupSlot? slot;
        using (writer.Enter())
        {
            slot = expiring.FindAt(push.Key, state.Clock.Read());
        }

        // Read before the snapshot.
        LogPlace? place = slot?.Place;
        using var group = new PinnedGroup(slot);
        GroupSnapshot? old = group.Newest;
        if (old is null && push is { Failure: { } noted, MarksFailure: false })
        {
            // No group that could remember it.
            return new PushOutcome(PushStatus.Malformed, noted.Reason);
        }

        FamilyEntry[] own = Own(push, workspace, group);

        // Where the store's own is there, a pushed one of its name does not count.
        FamilyEntry[] pushed = GroupDraft.Combine(Later(push.Pushed, group), own, replace: false, new int[own.Length]);
        int[] places = new int[pushed.Length];

        // Nothing comes back that has expired.
        bool replaces = push.Failure is null && (push.Mode == PushMode.Replace || old is { IsExpired: true });
        FamilyEntry[] families = GroupDraft.Combine(old is null ? [] : old.Families, pushed, replaces, places);
        CopyKept(families, places);

        PushOutcome? refused = PushLimits.Exceeded(
            state.Options, old?.Size ?? 0, GroupSize.Of(push.Key, families, old), state.Counts.StoredBytes)
            ?? Check(push, group, families, places, workspace);
        push.BaseRevision = old is null ? 0 : place?.Revision ?? 0;
        long replacedAt = replaces ? pushed.Min(static entry => entry.PushedAt) : old is null ? 0 : place?.ReplacedAt ?? 0;
        push.State = new GroupState(families, ExpiryOf(push, old), push.Failure ?? slot?.LastFailure)
        {
            Place = new LogPlace(push.BaseRevision, replacedAt),
        };
        return refused;
    }

    // Push times do not go back, though the clocks of nodes differ.
    private static FamilyEntry[] Own(PreparedPush push, PushWorkspace workspace, in PinnedGroup group)
    {
        if (push.Failure is not null && !push.MarksFailure)
        {
            return [];
        }

        byte[] time = push.MarksFailure ? BuiltInFamilies.PushFailure : BuiltInFamilies.PushTime;
        var own = new PendingPush(workspace, push.Key, Math.Max(push.At.Wall, TimeOf(time, group)));
        return push.MarksFailure
            ? own.RenderFailure(group.Newest, withPushTime: !group.Has(BuiltInFamilies.PushTime))
            : own.RenderOwn(group.Newest, withFailure: !group.Has(BuiltInFamilies.PushFailure));
    }

    // The same of what is pushed: where nodes came to be apart, the later one counts.
    private static FamilyEntry[] Later(FamilyEntry[] pushed, in PinnedGroup group)
    {
        long last = TimeOf(BuiltInFamilies.PushTime, group);
        return Array.ConvertAll(pushed, entry => entry.PushedAt >= last ? entry : entry with { PushedAt = last });
    }

    private static long TimeOf(byte[] family, in PinnedGroup group) =>
        group.Newest is not null && group.Newest.TryGet(family, out FamilyEntry entry) ? entry.PushedAt : 0;

    // What the group had lies in memory that is used again.
    private static void CopyKept(FamilyEntry[] families, int[] places)
    {
        int next = 0;
        int size = 0;
        for (int i = 0; i < families.Length; i++)
        {
            bool isPushed = next < places.Length && places[next] == i;
            next += isPushed ? 1 : 0;
            size += isPushed ? 0 : families[i].TextLength + families[i].Sidecar.Length;
        }

        byte[] own = size == 0 ? [] : GC.AllocateUninitializedArray<byte>(size);
        next = 0;
        int at = 0;
        for (int i = 0; i < families.Length; i++)
        {
            if (next < places.Length && places[next] == i)
            {
                next++;
                continue;
            }

            FamilyEntry entry = families[i];
            families[i] = entry with
            {
                Text = GroupPacking.Move(entry.Text, own, ref at),
                Sidecar = GroupPacking.Move(entry.Sidecar, own, ref at),
            };
        }
    }

    /// <summary>The state of a group, in memory of its own. It is pinned.</summary>
    public GroupState Copy(GroupSnapshot group)
    {
        FamilyEntry[] families = group.Families.ToArray();
        CopyKept(families, []);
        return new GroupState(families, OwnExpiryOf(group), group.Slot.LastFailure)
        {
            Place = new LogPlace(0, group.Slot.Place?.ReplacedAt ?? 0),
        };
    }

    private long? OwnExpiryOf(GroupSnapshot group) =>
        group is { HasExplicitExpiry: true, IsExpired: false } ? state.Deadlines.ExpiryOf(group) : null;

    private long? ExpiryOf(PreparedPush push, GroupSnapshot? old) =>
        push.Failure is null || old is null
            ? (push.ExpireAfter is null ? null
                : state.Clock.ToWall(state.Deadlines.Deadline(null, push.Key, push.ExpireAfter, push.At.Steady), push.At))
            : OwnExpiryOf(old);

    private PushOutcome? Check(
        PreparedPush push, in PinnedGroup group, FamilyEntry[] families, int[] places, PushWorkspace workspace)
    {
        int rounds = 0;
        for (int next = 0; next < places.Length;)
        {
            PushOutcome? refused;
            bool mayGo;
            using (writer.Enter())
            {
                refused = CheckSome(push, group, families, places, workspace, ref next);
                mayGo = state.MayCountStill;
            }

            if (refused is null)
            {
                continue;
            }

            if (!mayGo || ++rounds == MostRounds)
            {
                return refused;
            }

            // By what has gone, perhaps: it goes on with the one that was refused.
            writer.FollowUp.Take(writer.StepsLeft);
        }

        return null;
    }

    // Under the writer lock.
    private PushOutcome? CheckSome(
        PreparedPush push, in PinnedGroup group, FamilyEntry[] families, int[] places, PushWorkspace workspace, ref int next)
    {
        writer.AssertHeld();
        GroupSnapshot? old = group.Newest;
        NameSet? names = group.Slot?.Names ?? state.Directory.NameSets.Find(push.Key);
        for (int until = Math.Min(places.Length, next + CheckedAtOnce); next < until; next++)
        {
            ref FamilyEntry entry = ref families[places[next]];
            ReadOnlySpan<byte> name = entry.Name.Span;
            bool isOwn = BuiltInFamilies.IsEither(name) && BuiltInFamilies.IsPlain(entry, families);
            if (entry.Text.IsEmpty || (old is not null && isOwn && !old.IsHidden(name)))
            {
                continue;
            }

            if (state.Options.MaxGroupingNameSets > 0 && checks.IsFull(name, names))
            {
                return PushLimits.TooManyNameSets(state.Options);
            }

            if (!state.Rules.Suspects(entry, push.Key, old, names, families))
            {
                continue;
            }

            entry.Read(workspace.Families);
            if (state.Rules.Find(workspace.Families, 0, old, names, families) is not { } clash)
            {
                continue;
            }

            if (checks.IsRefused(clash) && !(old is not null && isOwn))
            {
                return PushChecks.Contradiction(clash.Message);
            }

            entry = entry with { Traits = entry.Traits | FamilyTraits.Hidden };
        }

        return null;
    }
}
