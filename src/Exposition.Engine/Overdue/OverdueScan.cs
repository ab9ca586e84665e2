using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Overdue;

/// <summary>Which groups of one view are overdue at its moment. Not safe for concurrent use.</summary>
internal sealed class OverdueScan(Expectations expectations, Moment now)
{
    private readonly bool[] _seen = new bool[expectations.Named.Length];

    /// <summary>Looks at a group.</summary>
    public Standing Look(GroupSnapshot group)
    {
        ReadOnlySpan<FamilyEntry> families = group.Families;
        int at = GroupSnapshot.IndexOf(families, BuiltInFamilies.PushTime);

        // Where the push time of a group cannot be shown beside that of another, neither can this.
        if (at < 0 || !families[at].IsExposed || families[at].SampleCount != 1)
        {
            return Standing.None;
        }

        OverdueMark mark = expectations.MarkOf(group.Slot, families[at]);
        if (mark == OverdueMark.None)
        {
            return Standing.None;
        }

        long pushedAt = families[at].PushedAt;
        _seen[mark.Rule] = true;
        expectations.Named[mark.Rule]?.See(pushedAt);
        return now.Wall - pushedAt > mark.Within ? Standing.Overdue : Standing.InTime;
    }

    /// <summary>The line of a group of which <see cref="Look"/> says that it has one.</summary>
    public ref readonly FamilyEntry EntryOf(GroupSnapshot group) => ref group.Slot.Overdue!.Entry(Look(group) == Standing.Overdue);

    /// <summary>When all groups have been looked at: the lines of those that rules name and that are not there.</summary>
    /// <param name="selection">Which of them are wanted; null for all.</param>
    /// <param name="entry">The lines.</param>
    /// <returns>Whether there are any.</returns>
    public bool TryGetMissing(GroupSelection? selection, out FamilyEntry entry)
    {
        var text = new List<byte>();
        (int lines, FamilyTraits traits) = (0, FamilyTraits.None);
        for (int rule = 0; rule < _seen.Length; rule++)
        {
            if (!_seen[rule] && expectations.Named[rule] is { } missing && (selection?.Contains(missing.Key) ?? true))
            {
                ref readonly FamilyEntry line = ref missing.Mark.Entry(expectations.IsOverdue(missing, now));
                text.AddRange(line.TextSpan);
                traits |= line.Traits;
                lines++;
            }
        }

        entry = lines == 0 ? default : new FamilyEntry(BuiltInFamilies.OverdueHead)
        {
            Text = text.ToArray(),
            Traits = traits,
            SampleCount = lines,
            Serial = EntrySerial.Next(),
        };
        return lines > 0;
    }
}

/// <summary>Whether a group was pushed to as expected.</summary>
internal enum Standing : byte
{
    /// <summary>No rule is for it.</summary>
    None,

    /// <summary>It was.</summary>
    InTime,

    /// <summary>It was not.</summary>
    Overdue,
}
