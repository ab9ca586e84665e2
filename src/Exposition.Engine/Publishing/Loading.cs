using Exposition.Engine.Consistency;
using Exposition.Engine.Content;
using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Remembering;
using Exposition.Formats;

namespace Exposition.Engine.Publishing;

// Groups come back by the hundred thousand, one call each. What would cost time per group is done once: the map of groups is made at the
// end of a loading, and samples are read only where names and types do not rule out a contradiction. What was hidden comes back hidden, and
// is looked at when all the others are there: so the same is shown as before.

/// <summary>Puts groups back as a durable copy has kept them.</summary>
internal sealed class Loading(StoreState state, WriterLock writer, Publisher publisher, Expiring expiring)
{
    private static readonly Clash s_keptHidden = new("it was left out when it was kept");

    private readonly FamilySet _restored = new();
    private int _loads;

    /// <inheritdoc cref="MetricStore.BeginLoading"/>
    public IDisposable Begin()
    {
        using (writer.Enter())
        {
            _loads++;
            state.Loaded ??= [];
        }

        return new Session(this);
    }

    /// <inheritdoc cref="MetricStore.RestoreOwn"/>
    public void Restore(GroupingKey key, FamilyEntry[] entries, long? expiresAt, PushFailure? lastFailure, in KeptMemory kept = default) =>
        Put(key, entries, expiresAt, lastFailure, kept, isRestored: true);

    /// <summary>The same of what becomes of a group by the log of several nodes, of which feeds are told.</summary>
    /// <returns>
    /// False if the group is of that revision already, or of a later one: nothing has changed then. What a node does alone has none.
    /// </returns>
    public bool Put(GroupingKey key, in GroupState group, LogPlace place) =>
        Put(key, group.Families, group.ExpiresAt, group.LastFailure,
            new KeptMemory(group.Memory, group.Ids, group.IdCount, null) { Place = place }, isRestored: false);

    private bool Put(
        GroupingKey key, FamilyEntry[] entries, long? expiresAt, PushFailure? lastFailure, in KeptMemory kept, bool isRestored)
    {
        if (state.Expectations is not null)
        {
            // Pushed before the name was the store's.
            entries = Array.FindAll(entries, static entry => !entry.Name.Span.SequenceEqual(BuiltInFamilies.Overdue));
        }

        List<(GroupSlot Slot, HiddenFamily Family)>? hidden;
        using (writer.EnterClosing())
        using (writer.Enter())
        {
            GroupSlot? slot = isRestored ? state.Groups.Table.Find(key) : FindNow(key);
            slot = publisher.EndIfLeaving(slot) ? null : slot;
            if (!isRestored && slot is not null && kept.Place is { IsAlone: false } place && slot.Revision >= place.Revision)
            {
                return false;
            }

            for (int i = 0; i < entries.Length; i++)
            {
                entries[i] = Shared(entries[i]);
            }

            NameSet? names = slot?.Names ?? state.Directory.NameSets.Find(key);
            if (slot is not null && (isRestored || lastFailure is not null))
            {
                slot.LastFailure = lastFailure;
            }

            GroupSnapshot? old;
            GroupSnapshot? stored;
            do
            {
                old = slot?.Current;
                List<HiddenFamily>? found = HideWhatClashes(key, entries, old, names);
                long expires = expiresAt is { } at
                    ? state.Clock.FromWall(at, state.Clock.Read())
                    : state.Deadlines.DeadlineOf(slot, key, entries);
                bool expired = expires > 0 && DeadlineSchedule.IsMarked(entries);
                var fate = new Fate(expires, expired, IsOwn: expiresAt is not null && !expired);
                var draft = GroupDraft.Of(key, old, entries);
                (draft.Memory, draft.IdCount, draft.IdBytes) = (kept.Memory, kept.IdCount, kept.Ids?.Bytes ?? 0);
                stored = publisher.Publish(slot, key, new Publication(draft, fate, found)
                {
                    Failure = lastFailure,
                    Place = kept.Place,
                    Ids = kept.Ids,
                    IsSilent = isRestored,
                });
            }
            while (stored is null);
            state.Held.Replaced(old is null ? [] : old.Families, stored.Families);
            stored.Slot.Ids = kept.Place is null ? kept.Ids : stored.Slot.Ids;
            state.IdKey = kept.Ids is null ? state.IdKey : kept.Key ?? state.IdKey;
            foreach (HiddenFamily family in stored.Hidden)
            {
                state.KeptHidden.Add((stored.Slot, family));
            }

            hidden = TryShowKept();

            // Of a group that changes again and again only what was not hidden before is news.
            hidden?.RemoveAll(kept => !isRestored && old is not null && HiddenFamily.Find(old.Hidden, kept.Family.Name.Span) is not null);
        }

        TellKept(hidden);
        return true;
    }

    /// <summary>A group as it is now; under the writer lock.</summary>
    public GroupSlot? FindNow(GroupingKey key) => expiring.FindAt(key, state.Clock.Read());

    /// <summary>Removes those groups of an earlier revision that views do not show before the loading ends.</summary>
    /// <returns>How many there were.</returns>
    public int RemoveUnshown(long revision)
    {
        using (writer.Enter())
        {
            GroupSlot[] unshown = [.. (state.Loaded ?? []).Where(slot => !slot.IsRemoved && slot.Revision < revision)];
            foreach (GroupSlot slot in unshown)
            {
                publisher.Remove(slot);
            }

            return unshown.Length;
        }
    }

    // Under the writer lock. What contradicts others all the same is news to whoever listens.
    private List<(GroupSlot Slot, HiddenFamily Family)>? TryShowKept()
    {
        writer.AssertHeld();
        if (_loads > 0 || state.KeptHidden.Count == 0)
        {
            return null;
        }

        state.KeptHidden.ForEach(kept => state.Directory.Free(kept.Family));
        writer.FollowUp.TakeAll();
        List<(GroupSlot Slot, HiddenFamily Family)> hidden = [.. state.KeptHidden.Where(static kept => kept.Family.Slot is not null)];
        state.KeptHidden.Clear();
        return hidden;
    }

    private void TellKept(List<(GroupSlot Slot, HiddenFamily Family)>? hidden)
    {
        if (hidden is null)
        {
            return;
        }

        foreach ((GroupSlot slot, HiddenFamily family) in hidden)
        {
            state.Options.FamilyHidden?.Invoke(slot.Key, family);
        }
    }

    private List<HiddenFamily>? HideWhatClashes(GroupingKey key, FamilyEntry[] entries, GroupSnapshot? old, NameSet? names)
    {
        writer.AssertHeld();
        List<HiddenFamily>? found = null;
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].IsHidden)
            {
                state.Hidden.Hide(entries, entries[i].Name.Span, s_keptHidden, ref found);
            }
            else if (!entries[i].Text.IsEmpty && state.Rules.Suspects(entries[i], key, old, names, entries))
            {
                entries[i].Read(_restored);
                if (state.Rules.Find(_restored, 0, old, names, entries) is { } clash)
                {
                    state.Hidden.Hide(entries, entries[i].Name.Span, clash, ref found);
                }
            }
        }

        _restored.Reset();
        return found;
    }

    // Later pushes keep the head of an entry: it must not keep all the memory that a copy was read into.
    private FamilyEntry Shared(in FamilyEntry entry)
    {
        FamilyHead head = entry.Head;
        if (state.Directory.TryGet(head.Name.Span, out FamilyInfo? info) && info.Head is { } last && last.SaysTheSame(head))
        {
            head = last;
        }
        else
        {
            ReadOnlySpan<byte> help = head.Help.Span;
            head = head with
            {
                Name = info?.Name ?? head.Name.ToArray(),
                Help = info?.Head is { } other && other.Help.Span.SequenceEqual(help) ? other.Help : help.ToArray(),
            };
        }

        return entry with { Head = head, Serial = EntrySerial.Next() };
    }

    private void End()
    {
        List<(GroupSlot Slot, HiddenFamily Family)>? hidden;
        using (writer.EnterClosing())
        using (writer.Enter())
        {
            if (_loads == 1)
            {
                // What may fail comes first: groups that are in no map yet must not be forgotten.
                state.Loaded!.RemoveAll(static slot => slot.IsRemoved);
                var map = GroupMap.Of([.. state.Maps.Newest.Slots, .. state.Loaded]);
                state.Loaded.ForEach(static slot => slot.IsInMap = true);
                state.Maps.Replace(map);
                state.Loaded = null;
            }

            _loads--;
            hidden = TryShowKept();
        }

        TellKept(hidden);
    }

    private sealed class Session(Loading loading) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (!_ended)
            {
                _ended = true;
                loading.End();
            }
        }
    }
}
