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
    /// <param name="push">The push.</param>
    /// <param name="workspace">What it is made in.</param>
    /// <param name="read">As it was read, in the same, where it is to be put together with what the group has; else null.</param>
    /// <returns>Why it is refused, or how it was answered before, if it is known by its id; null if neither.</returns>
    public PushOutcome? Base(PreparedPush push, PushWorkspace workspace, PendingPush? read = null)
    {
        GroupSlot? slot;
        using (writer.Enter())
        {
            slot = expiring.FindAt(push.Key, state.Clock.Read());
        }

        // Read before the snapshot, the place first: if one of the others is of a later revision, the log has that, too, and there is a
        // conflict.
        LogPlace? place = slot?.Place;
        PushIds? ids = slot?.Ids;
        using var group = new PinnedGroup(slot);
        GroupSnapshot? old = group.Newest;
        ids = old is null ? null : ids;
        if (old is null && push is { Failure: { } noted, MarksFailure: false })
        {
            // No group that could remember it.
            return new PushOutcome(PushStatus.Malformed, noted.Reason);
        }

        StoredId? id = null;
        if (push.Asked is { Details.Id.IsEmpty: false } asked)
        {
            id = state.IdOf(ids, asked.Details.Id.Span, asked.Body.Span, push.At.Wall);
            if (state.OutcomeOf(ids, id.Value) is { } known)
            {
                return known;
            }
        }

        if (read?.Join is { } join)
        {
            read.JoinWith(old);
            if (join.Refused is { } unmergeable)
            {
                return unmergeable;
            }

            (push.Pushed, push.LateTotals) = (read.RenderKept(), join.Late);
        }

        FamilyEntry[] own = Own(push, workspace, group);

        // Where the store's own is there, a pushed one of its name does not count.
        FamilyEntry[] pushed = GroupDraft.Combine(Later(push.Pushed, group), own, replace: false, new int[own.Length]);
        int[] places = new int[pushed.Length];

        // Nothing comes back that has expired.
        bool replaces = push.Failure is null && (push.Mode == PushMode.Replace || old is { IsExpired: true });
        FamilyEntry[] families = GroupDraft.Combine(old is null ? [] : old.Families, pushed, replaces, places);
        CopyKept(families, places);

        GroupMemory? memory = push.Failure is not null ? old?.Memory
            : GroupMemory.After(push.Mode, read?.Join is { } joined ? joined.Sources : replaces ? null : old?.Memory?.Sources);
        ids = PushIds.With(
            ids, id, state.OldestId(push.At.Wall), state.Options.MaxPushIds, state.IdKey, out int forgotten);
        push.ForgottenIds = forgotten;
        long height = old is null ? 0 : place?.Height ?? 0;
        bool grows = height > 0 || memory is not null || ids is not null;
        PushOutcome? refused = PushLimits.Exceeded(
            state.Options, old?.Size ?? 0, GroupSize.Of(push.Key, families, old) + (ids?.Bytes ?? 0) + (memory?.Bytes ?? 0),
            state.Counts.StoredBytes)
            ?? (read is null ? null : PushLimits.Exceeded(state.Options, read, families.Sum(static entry => (long)entry.SampleCount)))
            ?? Check(push, group, families, places, workspace);
        push.BaseRevision = old is null ? 0 : place?.Revision ?? 0;
        long replacedAt = replaces ? pushed.Min(static entry => entry.PushedAt) : old is null ? 0 : place?.ReplacedAt ?? 0;
        push.State = new GroupState(families, ExpiryOf(push, old), push.Failure ?? slot?.LastFailure)
        {
            Place = new LogPlace(push.BaseRevision, replacedAt, Height: grows ? height + 1 : 0),
            Memory = memory,
            Ids = ids,
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
        LogPlace? place = group.Slot.Place;
        return new GroupState(families, OwnExpiryOf(group), group.Slot.LastFailure)
        {
            Place = new LogPlace(0, place?.ReplacedAt ?? 0, Height: place?.Height ?? 0),
            Memory = group.Memory,
            Ids = PushIds.With(
                group.IdCount > 0 ? group.Slot.Ids : null, added: null, state.OldestId(state.Clock.Read().Wall), state.Options.MaxPushIds,
                state.IdKey, out _),
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
