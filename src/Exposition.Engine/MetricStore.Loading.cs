using Exposition.Engine.Consistency;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine;

// Groups come back by the hundred thousand, one call each. What would cost time per group is done once: the map of groups is made at the
// end of a loading, and samples are read only where names and types do not rule out a contradiction. What was hidden comes back hidden, and
// is looked at when all the others are there: so the same is shown as before.

public sealed partial class MetricStore
{
    private static readonly Clash s_keptHidden = new("it was left out when it was kept");

    private readonly FamilySet _restored = new();
    private readonly List<(GroupSlot Slot, HiddenFamily Family)> _keptHidden = [];

    // In the order in which they came, which is that of memory.
    private List<GroupSlot> _loaded = [];
    private int _loads;

    /// <summary>
    /// Makes many calls of <see cref="Restore(GroupingKey, ReadOnlySpan{FamilyEntry})"/> cheap: until the end, groups that are new are not
    /// yet shown to views. Others may use the store meanwhile.
    /// </summary>
    /// <returns>Ends the loading when it is disposed of.</returns>
    internal IDisposable BeginLoading()
    {
        using (EnterWriter())
        {
            _loads++;
        }

        return new Loading(this);
    }

    /// <summary>
    /// Puts a group back as a durable copy has kept it, in place of one that is there. It does not appear in change feeds. What contradicts
    /// what is there already is hidden.
    /// </summary>
    /// <param name="key">The group.</param>
    /// <param name="families">Its families in byte order of their names; their memory is kept.</param>
    /// <exception cref="InvalidOperationException">A family does not read back.</exception>
    internal void Restore(GroupingKey key, ReadOnlySpan<FamilyEntry> families) => Restore(key, families, null, null);

    /// <inheritdoc cref="Restore(GroupingKey, ReadOnlySpan{FamilyEntry})"/>
    /// <param name="key">The group.</param>
    /// <param name="families">Its families in byte order of their names; their memory is kept.</param>
    /// <param name="expiresAt">When its series expire by the wall clock (<see cref="ExpiryOf"/>), where its last push said so; null
    /// otherwise: then the push time and the rules say it.</param>
    /// <param name="lastFailure">Its <see cref="GroupSnapshot.LastFailure"/>.</param>
    internal void Restore(GroupingKey key, ReadOnlySpan<FamilyEntry> families, long? expiresAt, PushFailure? lastFailure) =>
        RestoreOwn(key, families.ToArray(), expiresAt, lastFailure);

    /// <inheritdoc cref="Restore(GroupingKey, ReadOnlySpan{FamilyEntry}, long?, PushFailure?)"/>
    /// <param name="key">The group.</param>
    /// <param name="entries">Its families; the array is the store's from now on.</param>
    /// <param name="expiresAt">When its series expire.</param>
    /// <param name="lastFailure">Its <see cref="GroupSnapshot.LastFailure"/>.</param>
    internal void RestoreOwn(GroupingKey key, FamilyEntry[] entries, long? expiresAt, PushFailure? lastFailure)
    {
        ArgumentNullException.ThrowIfNull(key);
        List<(GroupSlot Slot, HiddenFamily Family)>? hidden;
        using (EnterClosing())
        using (EnterWriter())
        {
            GroupSlot? slot = _slots.Find(key);
            for (int i = 0; i < entries.Length; i++)
            {
                entries[i] = Shared(entries[i]);
            }

            NameSet? names = slot?.Names ?? _directory.NameSets.Find(key);
            GroupSnapshot? old;
            GroupSnapshot? stored;
            do
            {
                old = slot?.Current;
                List<HiddenFamily>? found = HideWhatClashes(key, entries, old, names);
                long expires = expiresAt is { } kept ? _clock.FromWall(kept, _clock.Read()) : DeadlineOf(slot, key, entries);
                bool expired = expires > 0 && IsMarked(entries);
                var fate = new Fate(expires, expired, IsOwn: expiresAt is not null && !expired);
                stored = Publish(slot, key, GroupDraft.Of(key, old, entries), tell: false, fate, found);
            }
            while (stored is null);
            _held.Replaced(old is null ? [] : old.Families, stored.Families);
            stored.Slot.LastFailure = lastFailure;
            foreach (HiddenFamily kept in stored.Hidden)
            {
                _keptHidden.Add((stored.Slot, kept));
            }

            hidden = TryShowKept();
        }

        TellHidden(hidden);
    }

    // Under the writer lock. What contradicts others all the same is news to whoever listens.
    private List<(GroupSlot Slot, HiddenFamily Family)>? TryShowKept()
    {
        AssertWriterLock();
        if (_loads > 0 || _keptHidden.Count == 0)
        {
            return null;
        }

        _directory.Free(_keptHidden.Select(static kept => kept.Family));
        TakeAllSteps();
        List<(GroupSlot Slot, HiddenFamily Family)> hidden = [.. _keptHidden.Where(static kept => kept.Family.Slot is not null)];
        _keptHidden.Clear();
        return hidden;
    }

    private void TellHidden(List<(GroupSlot Slot, HiddenFamily Family)>? hidden)
    {
        if (hidden is null)
        {
            return;
        }

        foreach ((GroupSlot slot, HiddenFamily family) in hidden)
        {
            Options.FamilyHidden?.Invoke(slot.Key, family);
        }
    }

    private List<HiddenFamily>? HideWhatClashes(GroupingKey key, FamilyEntry[] entries, GroupSnapshot? old, NameSet? names)
    {
        AssertWriterLock();
        List<HiddenFamily>? found = null;
        for (int i = 0; i < entries.Length; i++)
        {
            if ((entries[i].Traits & FamilyTraits.Hidden) != 0)
            {
                Hide(entries, entries[i].Name.Span, s_keptHidden, ref found);
            }
            else if (!entries[i].Text.IsEmpty && _rules.Suspects(entries[i], key, old, names, entries))
            {
                entries[i].Read(_restored);
                if (_rules.Find(_restored, 0, old, names, entries) is { } clash)
                {
                    Hide(entries, entries[i].Name.Span, clash, ref found);
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
        if (_directory.TryGet(head.Name.Span, out FamilyInfo? info) && info.Head is { } last && last.SaysTheSame(head))
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

    private void EndLoading()
    {
        List<(GroupSlot Slot, HiddenFamily Family)>? hidden;
        using (EnterClosing())
        using (EnterWriter())
        {
            if (--_loads == 0)
            {
                _loaded.RemoveAll(static slot => slot.IsRemoved);
                _loaded.ForEach(static slot => slot.IsInMap = true);
                ReplaceMap(GroupMap.Of([.. _map.Slots, .. _loaded]));
                _loaded = [];
            }

            hidden = TryShowKept();
        }

        TellHidden(hidden);
    }

    private sealed class Loading(MetricStore store) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (!_ended)
            {
                _ended = true;
                store.EndLoading();
            }
        }
    }
}
