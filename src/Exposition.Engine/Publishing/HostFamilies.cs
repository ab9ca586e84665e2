using Exposition.Engine.Consistency;
using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine.Publishing;

/// <summary>Families of the host itself, which win over those of groups.</summary>
internal sealed class HostFamilies(StoreState state, WriterLock writer, Publisher publisher)
{
    private readonly FamilySet _set = new();

    /// <inheritdoc cref="MetricStore.ReserveFamily"/>
    public void Reserve(ReadOnlySpan<byte> name, MetricType type)
    {
        var told = new List<(GroupingKey Key, GroupSnapshot Before, List<HiddenFamily> Hidden)>();
        using (writer.EnterClosing())
        using (writer.Enter())
        {
            if (state.Directory.TryGet(name, out FamilyInfo? known) && known.Reserved == type)
            {
                return;
            }

            // Those that wait for it may fit now.
            FamilyInfo info = state.Directory.Reserve(name, type);
            state.Directory.FreeWaiting(info);
            List<byte[]> names = CrossGroupRules.NamesBeside(info.Name, type).FindAll(IsHeld);
            if (names.Count > 0)
            {
                foreach (GroupSlot slot in state.Groups.Table.All)
                {
                    HideFromHost(slot, names, told);
                }
            }

            // It must not keep the memory that was read last.
            _set.Reset();
        }

        foreach ((GroupingKey key, GroupSnapshot before, List<HiddenFamily> hidden) in told)
        {
            state.Hidden.Tell(key, before, hidden);
        }
    }

    private bool IsHeld(byte[] name) => state.Directory.TryGet(name, out FamilyInfo? info) && info.Groups > 0;

    private void HideFromHost(GroupSlot slot, List<byte[]> names, List<(GroupingKey, GroupSnapshot, List<HiddenFamily>)> told)
    {
        GroupSnapshot current;
        GroupSnapshot? published;
        List<HiddenFamily>? found;
        do
        {
            // Once more where a repeat push has come in between.
            (current, found) = (slot.Current!, null);
            if (!names.Exists(name => current.TryGet(name, out FamilyEntry entry) && entry.IsExposed))
            {
                return;
            }

            var draft = GroupDraft.Like(current);
            foreach (byte[] name in names)
            {
                int at = GroupSnapshot.IndexOf(draft.Families, name);
                if (at < 0 || !draft.Families[at].IsExposed)
                {
                    continue;
                }

                draft.Families[at].Read(_set);
                if (state.Rules.Find(_set, 0, current, slot.Names, draft.Families) is { IsWithHost: true } clash)
                {
                    state.Hidden.Hide(draft.Families, name, clash, ref found);
                }
            }

            if (found is null)
            {
                return;
            }

            published = publisher.Publish(slot, slot.Key, new Publication(draft, Fate.Of(current), found));
        }
        while (published is null);
        told.Add((slot.Key, current, found));
    }
}
