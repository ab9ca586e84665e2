using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine.Consistency;

/// <summary>Looks for the series of a push in other groups. Not safe for concurrent use.</summary>
/// <param name="find">Finds a group by its key. Its snapshot is not used again while it is read.</param>
internal sealed class RepeatedSeries(Func<ReadOnlyMemory<byte>, GroupSlot?> find)
{
    private readonly SeriesSearch _search = new();

    // Where the search in a group's family goes on: the series of a push may belong to many groups in turns.
    private readonly Dictionary<GroupSlot, int> _from = [];
    private readonly List<NameSet> _fitting = [];
    private byte[] _key = new byte[256];

    /// <summary>Looks in all groups that can have a series of the family.</summary>
    /// <param name="set">The push, labels merged and metrics sorted.</param>
    /// <param name="family">Index of the family.</param>
    /// <param name="self">The group pushed to, or null if it is new.</param>
    /// <param name="sets">The name sets under which the family is stored.</param>
    /// <param name="own">That of the group pushed to, which leads to no other.</param>
    public Clash? Find(FamilySet set, int family, GroupSlot? self, ReadOnlySpan<(NameSet Set, int Groups)> sets, NameSet? own)
    {
        ReadOnlySpan<byte> name = set.Text(set.Families[family].Name);
        Clash? clash = BuiltInFamilies.IsAny(name) ? FindAmongOwn(set, family, self) : null;
        int previous = -1;
        int first = sets.IsEmpty ? -1 : set.Families[family].FirstMetric;
        for (int metric = first; metric >= 0 && clash is null; metric = set.Metrics[metric].Next)
        {
            if (previous < 0 || !HasSameNames(set, previous, metric))
            {
                Choose(set, metric, sets, own);
            }

            previous = metric;
            for (int i = 0; i < _fitting.Count && clash is null; i++)
            {
                clash = Find(set, family, name, metric, self, KeyOf(set, metric, _fitting[i]));
            }
        }

        _from.Clear();
        return clash;
    }

    // In those that have the series with the labels of their key alone, and an empty instance where that has none: as the store's own
    // families are in every group. So these need no look at all name sets.
    private Clash? FindAmongOwn(FamilySet set, int family, GroupSlot? self)
    {
        ReadOnlySpan<byte> name = set.Text(set.Families[family].Name);
        Clash? clash = null;
        for (int metric = set.Families[family].FirstMetric; metric >= 0 && clash is null; metric = set.Metrics[metric].Next)
        {
            clash = Find(set, family, name, metric, self, KeyOf(set, metric))
                ?? Find(set, family, name, metric, self, KeyOfAllButEmptyInstance(set, metric));
        }

        return clash;
    }

    private Clash? Find(FamilySet set, int family, ReadOnlySpan<byte> name, int metric, GroupSlot? self, ReadOnlyMemory<byte> key)
    {
        if (find(key) is not { } slot || ReferenceEquals(slot, self))
        {
            return null;
        }

        GroupSnapshot snapshot = slot.Current!;
        ReadOnlySpan<FamilyEntry> theirs = snapshot.Families;
        int at = GroupSnapshot.IndexOf(theirs, name);
        if (at < 0 || !theirs[at].IsExposed || !Has(theirs[at], slot, set, metric))
        {
            return null;
        }

        string what = PushRules.Collected(set, family, metric);
        return new Clash($"{what} was collected before with the same name and label values in group {slot.Key}", Group: slot,
            Since: snapshot.SeriesSince);
    }

    private bool Has(in FamilyEntry entry, GroupSlot slot, FamilySet set, int metric)
    {
        Explored.Step("ReadSeries");
        int from = _from.GetValueOrDefault(slot);
        bool found = _search.Contains(entry, set, metric, ref from);
        _from[slot] = from;
        _search.Reset();
        return found;
    }

    // Only these can lead to a group from a series with such label names. Most series have the names of the one before.
    private void Choose(FamilySet set, int metric, ReadOnlySpan<(NameSet Set, int Groups)> sets, NameSet? own)
    {
        _fitting.Clear();
        ulong lacking = ulong.MaxValue;
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(metric))
        {
            lacking &= ~NameSet.BitOf(set.Text(label.Name));
        }

        foreach ((NameSet names, _) in sets)
        {
            if ((names.Mask & lacking) == 0 && !ReferenceEquals(names, own) && HasAll(set, metric, names))
            {
                _fitting.Add(names);
            }
        }
    }

    private static bool HasSameNames(FamilySet set, int x, int y)
    {
        ReadOnlySpan<LabelRow> a = set.LabelsOf(x);
        ReadOnlySpan<LabelRow> b = set.LabelsOf(y);
        bool same = a.Length == b.Length;
        for (int i = 0; i < a.Length && same; i++)
        {
            same = a[i].Name == b[i].Name || set.Text(a[i].Name).SequenceEqual(set.Text(b[i].Name));
        }

        return same;
    }

    // Both are in order of names.
    private static bool HasAll(FamilySet set, int metric, NameSet names)
    {
        ReadOnlySpan<LabelRow> labels = set.LabelsOf(metric);
        int at = 0;
        foreach (byte[] wanted in names.Names)
        {
            while (at < labels.Length && !set.Text(labels[at].Name).SequenceEqual(wanted))
            {
                at++;
            }

            if (at++ == labels.Length)
            {
                return false;
            }
        }

        return true;
    }

    // The labels of a series that a name set asks for, as a canonical key; the series has them all.
    private ReadOnlyMemory<byte> KeyOf(FamilySet set, int metric, NameSet names)
    {
        int length = 0;
        int at = 0;
        ReadOnlySpan<LabelRow> labels = set.LabelsOf(metric);
        foreach (byte[] wanted in names.Names)
        {
            while (!set.Text(labels[at].Name).SequenceEqual(wanted))
            {
                at++;
            }

            Append(wanted, set.Text(labels[at].Value), ref length);
        }

        return _key.AsMemory(0, length);
    }

    private ReadOnlyMemory<byte> KeyOf(FamilySet set, int metric)
    {
        int length = 0;
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(metric))
        {
            Append(set.Text(label.Name), set.Text(label.Value), ref length);
        }

        return _key.AsMemory(0, length);
    }

    private ReadOnlyMemory<byte> KeyOfAllButEmptyInstance(FamilySet set, int metric)
    {
        int length = 0;
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(metric))
        {
            if (!label.Value.IsEmpty || !set.Text(label.Name).SequenceEqual("instance"u8))
            {
                Append(set.Text(label.Name), set.Text(label.Value), ref length);
            }
        }

        return _key.AsMemory(0, length);
    }

    private void Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref int length)
    {
        int needed = length + name.Length + value.Length + 2;
        if (needed > _key.Length)
        {
            Array.Resize(ref _key, needed * 2);
        }

        if (length > 0)
        {
            _key[length++] = GroupingKey.Separator;
        }

        name.CopyTo(_key.AsSpan(length));
        length += name.Length;
        _key[length++] = GroupingKey.Separator;
        value.CopyTo(_key.AsSpan(length));
        length += value.Length;
    }
}
