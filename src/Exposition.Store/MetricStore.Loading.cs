using Exposition.Formats;
using Exposition.Store.Internal;

namespace Exposition.Store;

public sealed partial class MetricStore
{
    private readonly FamilySet _restored = new();

    /// <summary>
    /// Puts a group back as a durable copy has kept it, in place of one that is there. It does not appear in change feeds. What contradicts what is
    /// there already is hidden.
    /// </summary>
    /// <param name="key">The group.</param>
    /// <param name="families">Its families in byte order of their names; their memory is kept.</param>
    /// <exception cref="InvalidOperationException">A family does not read back.</exception>
    public void Restore(GroupingKey key, ReadOnlySpan<FamilyEntry> families) => Restore(key, families, null, null);

    /// <inheritdoc cref="Restore(GroupingKey, ReadOnlySpan{FamilyEntry})"/>
    /// <param name="key">The group.</param>
    /// <param name="families">Its families in byte order of their names; their memory is kept.</param>
    /// <param name="expiresAt">Its <see cref="GroupSnapshot.ExpiresAt"/> where that is its own; null otherwise: then the push time and the rules say it.</param>
    /// <param name="lastFailure">Its <see cref="GroupSnapshot.LastFailure"/>.</param>
    public void Restore(GroupingKey key, ReadOnlySpan<FamilyEntry> families, long? expiresAt, PushFailure? lastFailure)
    {
        ArgumentNullException.ThrowIfNull(key);
        FamilyEntry[] entries = families.ToArray();
        List<HiddenFamily>? found = null;
        lock (_writer)
        {
            GroupSlot? slot = Find(key.Bytes);
            FamilySet set = _restored;
            for (int i = 0; i < entries.Length; i++)
            {
                entries[i] = entries[i] with { Traits = entries[i].Traits & ~FamilyTraits.Suspect };
            }

            for (int i = 0; i < entries.Length; i++)
            {
                if (!entries[i].Text.IsEmpty)
                {
                    entries[i].Read(set);
                    if (_rules.Find(set, 0, slot?.Current, slot?.Names ?? _directory.Find(key), entries) is { } clash)
                    {
                        Hide(entries, entries[i].Name.Span, clash, ref found);
                    }
                }
            }

            set.Reset();
            long expires = expiresAt ?? DeadlineOf(slot, key, entries);
            bool expired = expires > 0 && IsMarked(entries);
            Publish(slot, key, entries, tell: false, new Fate(expires, expired, IsOwn: expiresAt is not null && !expired), found)
                .Current!.LastFailure = lastFailure;
        }

        TellHidden(key, null, found);
    }
}
