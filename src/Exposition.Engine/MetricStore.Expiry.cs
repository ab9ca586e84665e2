using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine;

// Whoever looks (a view, a push, a delete) first lets expire what is due at its moment; so nobody can tell when the sweep runs, which is
// only there to let go of memory and to tell the feeds while nobody looks. Unless it is very much at once: then the rest is left to the
// sweep, lest one scrape wait for a million of them; but whoever pushes to a group or deletes it always finds it as it is due. An expiry is
// a publication like any other, under the writer lock:
//
//   series --deadline--> push times and push_expired --grace--> nothing          a push leads back to series, without the old ones
//
// Deadlines are in the time of DeadlineClock, which no setting of the wall clock moves.

public sealed partial class MetricStore
{
    private readonly DeadlineQueue _deadlines = new();
    private readonly DeadlineClock _clock;
    private long _expiredNow;
    private long _expiredTotal;

    /// <summary>Number of groups that have expired and are still shown as such.</summary>
    public long ExpiredGroups => Volatile.Read(ref _expiredNow);

    /// <summary>How often a group has expired so far.</summary>
    public long Expiries => Volatile.Read(ref _expiredTotal);

    /// <summary>
    /// When a group's series expire, or did, by the wall clock as it is set now, in nanoseconds since the Unix epoch; 0 for never.
    /// </summary>
    internal long ExpiryOf(GroupSnapshot group) => group.ExpiresAt == 0 ? 0 : _clock.ToWall(group.ExpiresAt, _clock.Read());

    private long GraceNanoseconds => Options.ExpiredGrace <= TimeSpan.Zero ? 0 : Nanoseconds(Options.ExpiredGrace);

    private long DueOf(GroupSnapshot group) => group.IsExpired ? Later(group.ExpiresAt, GraceNanoseconds) : group.ExpiresAt;

    // Under the writer lock: a group as it is at a time, whether or not it has come up in the queue.
    private GroupSlot? FindAt(GroupingKey key, Moment now)
    {
        AssertWriterLock();
        EndIfWiped(key);
        GroupSlot? slot = _slots.Find(key);
        if (slot is null || DueOf(slot.Current!) is not (> 0 and var due) || due > now.Steady)
        {
            return slot;
        }

        Expire(slot, slot.Current!, due, now);
        return _slots.Find(key);
    }

    private void TakeFirstDeadline(Moment now)
    {
        AssertWriterLock();
        GroupSlot slot = _deadlines.FirstSlot;
        GroupSnapshot current = slot.Current!;
        long due = DueOf(current);
        if (due == 0)
        {
            _deadlines.Remove(slot);
        }
        else if (due > now.Steady)
        {
            _deadlines.Postpone(due);
        }
        else
        {
            Expire(slot, current, due, now);
        }
    }

    private void Expire(GroupSlot slot, GroupSnapshot current, long due, Moment now)
    {
        AssertWriterLock();
        if (current.IsExpired || (Later(due, GraceNanoseconds) is > 0 and var gone && gone <= now.Steady))
        {
            // If a steady push was quicker, the group comes up again; it is not due any more.
            if (TryClose(slot, current))
            {
                _expiredTotal += current.IsExpired ? 0 : 1;
                Removed(slot, current);
            }
        }
        else if (TryExpire(slot, current, now))
        {
            _expiredTotal++;
        }
    }

    private bool TryExpire(GroupSlot slot, GroupSnapshot current, Moment now)
    {
        _shapes?.Drop(slot);
        PushWorkspace workspace = PushWorkspace.Rent();
        try
        {
            workspace.Families.Reset();

            // In order of their names.
            List<FamilyEntry> left = [.. new PendingPush(workspace, slot.Key, _clock.ToWall(current.ExpiresAt, now)).RenderExpired()];
            foreach (byte[] name in (byte[][])[BuiltInFamilies.PushFailure, BuiltInFamilies.PushTime])
            {
                if (current.TryGet(name, out FamilyEntry entry))
                {
                    // Copied: they lie in the block of a push, which shall go with its series.
                    left.Add(entry with { Text = entry.Text.ToArray(), Sidecar = entry.Sidecar.ToArray() });
                }
            }

            var draft = GroupDraft.Of(slot.Key, current, [.. left]);
            List<HiddenFamily>? hidden = null;
            if (_rules.Find(workspace.Families, 0, current, slot.Names, draft.Families) is { } clash)
            {
                Hide(draft.Families, BuiltInFamilies.Expired, clash, ref hidden);
            }

            if (Publish(slot, slot.Key, draft, tell: true, new Fate(current.ExpiresAt, IsExpired: true), hidden) is null)
            {
                return false;
            }

            _held.Replaced(current.Families, draft.Families);
            return true;
        }
        finally
        {
            PushWorkspace.Return(workspace);
        }
    }

    // Under the writer lock, after a publication: the queue must bring the group up in time.
    private void Schedule(GroupSlot slot, in Fate fate)
    {
        AssertWriterLock();
        long due = fate.IsExpired ? Later(fate.ExpiresAt, GraceNanoseconds) : fate.ExpiresAt;
        if (due == 0)
        {
            return;
        }

        _deadlines.ComeUpBy(slot, due);
        if (!_sweeping)
        {
            _sweeping = true;
            _sweep.Change(s_sweepEvery, s_sweepEvery);
        }
    }

    // Whether the queue brings a group up in time without being told, because it does so for the snapshot before: then or earlier. What it
    // moves a group to is the deadline of a snapshot that was newest under the lock, and those that follow without the lock have no earlier
    // one.
    private static bool IsScheduled(GroupSnapshot before, long expiresAt) =>
        expiresAt == 0 || (before.ExpiresAt > 0 && before.ExpiresAt <= expiresAt);

    private Fate FateOf(GroupSlot? slot, GroupingKey key, TimeSpan? asked, Moment now) =>
        new(Deadline(slot, key, asked, now.Steady), IsExpired: false, IsOwn: asked is not null);

    // When the series of a push at a time expire, both in the time of DeadlineClock; 0 for never.
    private long Deadline(GroupSlot? slot, GroupingKey key, TimeSpan? asked, long from)
    {
        if (asked is { } after)
        {
            return after <= TimeSpan.Zero ? 0 : Later(from, Nanoseconds(after));
        }

        if (Options.ExpiryRules.Count == 0)
        {
            return 0;
        }

        long rule = slot is null ? RuleAfter(key) : slot.RuleAfter >= 0 ? slot.RuleAfter : slot.RuleAfter = RuleAfter(key);
        return rule == 0 ? 0 : Later(from, rule);
    }

    private long RuleAfter(GroupingKey key)
    {
        foreach (ExpiryRule rule in Options.ExpiryRules)
        {
            if (rule.Groups?.Matches(key) ?? true)
            {
                return rule.After <= TimeSpan.Zero ? 0 : Nanoseconds(rule.After);
            }
        }

        return 0;
    }

    // What an older copy has kept of a group without a word on its deadline: the times of its own families say it.
    private long DeadlineOf(GroupSlot? slot, GroupingKey key, ReadOnlySpan<FamilyEntry> families)
    {
        Moment now = _clock.Read();
        if (IsMarked(families))
        {
            return _clock.FromWall(families[GroupSnapshot.IndexOf(families, BuiltInFamilies.Expired)].PushedAt, now);
        }

        int pushed = GroupSnapshot.IndexOf(families, BuiltInFamilies.PushTime);
        return pushed >= 0 ? Deadline(slot, key, null, _clock.FromWall(families[pushed].PushedAt, now)) : 0;
    }

    // Beside others a push_expired is one that was pushed before the name was the store's.
    private static bool IsMarked(ReadOnlySpan<FamilyEntry> families)
    {
        bool marked = false;
        foreach (ref readonly FamilyEntry entry in families)
        {
            bool mark = entry.Name.Span.SequenceEqual(BuiltInFamilies.Expired);
            marked |= mark;
            if (!mark && !BuiltInFamilies.IsEither(entry.Name.Span))
            {
                return false;
            }
        }

        return marked;
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks <= long.MaxValue / 100 ? time.Ticks * 100 : long.MaxValue;

    // A time beyond the calendar is never.
    private static long Later(long time, long nanoseconds) => time > long.MaxValue - nanoseconds ? 0 : time + nanoseconds;

    /// <summary>Whether and when what is published expires, or has, and whether the push itself said so.</summary>
    private readonly record struct Fate(long ExpiresAt, bool IsExpired, bool IsOwn = false)
    {
        /// <summary>That of a group as it is.</summary>
        public static Fate Of(GroupSnapshot group) => new(group.ExpiresAt, group.IsExpired, group.HasExplicitExpiry);
    }
}
