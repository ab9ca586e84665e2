using System.Runtime.InteropServices;
using Exposition.Store.Internal;

namespace Exposition.Store;

// From a prepared push to a published snapshot: check, publication and what follows from it (deadlines, hidden families, feeds) are one step under the
// writer lock.

public sealed partial class MetricStore
{
    // Renders and publishes a prepared push. Rendering is done outside the lock on a guess of the group's state (whether it has a
    // push_failure_time_seconds to keep); where the guess was wrong it is done again.
    private string? Publish(PendingPush push, PushMode mode, ReadOnlyMemory<byte> textBody, TimeSpan? expireAfter, long now)
    {
        while (true)
        {
            GroupSnapshot? before = Peek(push.Key);
            bool hadFailure = before is not null && before.TryGet(OwnNames.PushFailure, out _);
            FamilyEntry[] pushed = push.Render(before, keepPushedFailure: hadFailure);
            List<HiddenFamily>? hidden = null;
            GroupSlot target;
            GroupSnapshot? old;
            GroupSnapshot stored;
            lock (_writer)
            {
                GroupSlot? slot = Find(push.Key.Bytes);
                old = slot?.Current;
                if (hadFailure != (old is not null && old.TryGet(OwnNames.PushFailure, out _)))
                {
                    continue;
                }

                // Nothing comes back that has expired.
                FamilyEntry[] next = SnapshotBuilder.Combine(old is null ? [] : old.Families, pushed, mode == PushMode.Replace || old is { IsExpired: true });
                if (Check(push, slot, pushed, next, ref hidden) is { } error)
                {
                    return error;
                }

                target = Publish(slot, push.Key, next, tell: true, new Fate(Deadline(slot, push.Key, expireAfter, now), IsExpired: false), hidden);
                stored = target.Current!;
            }

            TellHidden(push.Key, old, hidden);

            if (!textBody.IsEmpty)
            {
                ConsiderShape(target, old, stored, pushed, textBody);
            }

            return null;
        }
    }

    // A refused push leaves one trace: the time of the failure in its group, which is created for it. Not where the group itself could
    // not exist beside the others ({job="a"} and {job="a",instance=""} would expose the same push_time_seconds).
    private void RecordFailure(PushWorkspace workspace, GroupingKey key, long now, in PushDetails details, string error)
    {
        PushFailure remembered = PushFailure.Of(now, error, details.Sender);
        while (true)
        {
            var failure = new PendingPush(workspace, key, now);
            GroupSnapshot? before = Peek(key);
            bool hadTime = before is not null && before.TryGet(OwnNames.PushTime, out _);
            FamilyEntry[] pushed = failure.RenderFailure(before, withPushTime: !hadTime);
            List<HiddenFamily>? hidden = null;
            lock (_writer)
            {
                GroupSlot? slot = Find(key.Bytes);
                GroupSnapshot? old = slot?.Current;
                if (hadTime != (old is not null && old.TryGet(OwnNames.PushTime, out _)))
                {
                    continue;
                }

                FamilyEntry[] next = SnapshotBuilder.Combine(old is null ? [] : old.Families, pushed, replace: false);
                if (Check(failure, slot, pushed, next, ref hidden) is null)
                {
                    Fate fate = old is not null ? new Fate(old.ExpiresAt, old.IsExpired) : new Fate(Deadline(null, key, details.ExpireAfter, now), IsExpired: false);
                    Publish(slot, key, next, tell: true, fate, hidden).Current!.LastFailure = remembered;
                }

                return;
            }
        }
    }

    // Unchecked pushes are checked too, but what contradicts others is hidden. The store's own families are those of a group that could be made, so they
    // fit; unless they did not, and are hidden.
    private string? Check(PendingPush push, GroupSlot? slot, FamilyEntry[] pushed, FamilyEntry[] next, ref List<HiddenFamily>? hidden)
    {
        NameSet? names = slot?.Names ?? _directory.Find(push.Key);
        foreach ((int family, int entry) in push.Rendered)
        {
            if (pushed[entry].Text.IsEmpty || (slot is not null && push.IsOwn(family) && !IsHidden(slot.Current!, pushed[entry].Name)))
            {
                continue;
            }

            if (_rules.Find(push.Families, family, slot?.Current, names, next) is { } clash)
            {
                if (Options.CheckConsistency && !(slot is not null && push.IsOwn(family)))
                {
                    return clash.Message;
                }

                Hide(next, pushed[entry].Name.Span, clash, ref hidden);
            }
        }

        return null;
    }

    private static bool IsHidden(GroupSnapshot group, ReadOnlyMemory<byte> name) =>
        !group.Hidden.IsEmpty && group.TryGet(name.Span, out FamilyEntry entry) && (entry.Traits & FamilyTraits.Suspect) != 0;

    private GroupSlot Publish(GroupSlot? slot, GroupingKey key, FamilyEntry[] families, bool tell, in Fate fate, List<HiddenFamily>? hidden = null, bool sameSeries = false)
    {
        long version = _clock + 1;
        GroupSnapshot? old = slot?.Current;
        var snapshot = new GroupSnapshot(slot?.Key ?? key, families, Hidden(old, families, hidden))
        {
            Version = version,
            ExpiresAt = fate.ExpiresAt,
            IsExpired = fate.IsExpired,
            LastFailure = old?.LastFailure,
        };
        GroupSlot target = slot ?? new GroupSlot(key, _directory.Acquire(key));
        _directory.Replace(old is null ? [] : old.Families, families, target);
        if (!sameSeries)
        {
            _directory.Free(target.Waiting);
        }

        ReplaceHidden(target, old, snapshot);
        _samples += Samples(families) - (old is null ? 0 : Samples(old.Families));
        _expiredNow += (fate.IsExpired ? 1 : 0) - (old is { IsExpired: true } ? 1 : 0);
        if (old is not null && Volatile.Read(ref _collecting) > 0)
        {
            snapshot.Previous = old;
            if (old.Version <= Volatile.Read(ref _collectFloor))
            {
                old.Previous = null;
            }
        }

        if (old is not null)
        {
            _held.Replaced(old.Families, families);
        }

        target.Current = snapshot;
        if (slot is null)
        {
            _slots.Add(key.Array, target);
            Volatile.Write(ref _map, _map.With(target, version));
        }

        Volatile.Write(ref _clock, version);
        Schedule(target, fate);
        if (tell)
        {
            Tell(new GroupChange(snapshot.Key, version, snapshot), old);
        }

        if (_directory.Freed.Count > 0)
        {
            Recheck();
        }

        return target;
    }

    private void Remove(GroupSlot slot)
    {
        slot.IsRemoved = true;
        _shapes?.Drop(slot);
        _deadlines.Remove(slot);
        long version = _clock + 1;
        GroupSnapshot old = slot.Current!;
        _held.Replaced(old.Families, []);
        _directory.Replace(old.Families, [], slot);
        _directory.Free(slot.Waiting);
        ReplaceHidden(slot, old, null);
        _directory.Release(slot.Key);
        _samples -= Samples(old.Families);
        _expiredNow -= old.IsExpired ? 1 : 0;
        _slots.Remove(slot.Key.Array);
        Volatile.Write(ref _map, _map.Without(slot.Key, version));
        Volatile.Write(ref _clock, version);
        Tell(new GroupChange(slot.Key, version, null), old);
        Recheck();
    }

    private void Tell(in GroupChange change, GroupSnapshot? before)
    {
        foreach (ChangeFeed feed in CollectionsMarshal.AsSpan(_feeds))
        {
            bool taken = feed.Publish(change, before);
            if (before is not null)
            {
                before.WasTaken |= taken;
            }
        }
    }

    private static long Samples(ReadOnlySpan<FamilyEntry> families)
    {
        long samples = 0;
        foreach (ref readonly FamilyEntry entry in families)
        {
            samples += entry.SampleCount;
        }

        return samples;
    }
}
