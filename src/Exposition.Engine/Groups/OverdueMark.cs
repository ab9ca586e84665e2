namespace Exposition.Engine.Groups;

/// <summary>What a group shows of a rule that says how often it is to be pushed to. Immutable.</summary>
internal sealed class OverdueMark
{
    /// <summary>That of a group that no rule is for.</summary>
    public static readonly OverdueMark None = new([], -1, 0);

    private readonly FamilyEntry[] _entries;

    private OverdueMark(FamilyEntry[] entries, int rule, long within) => (_entries, Rule, Within) = (entries, rule, within);

    /// <summary>The index of the rule.</summary>
    public int Rule { get; }

    /// <summary>The longest time between two pushes, in nanoseconds.</summary>
    public long Within { get; }

    /// <summary>The mark of a group.</summary>
    /// <param name="time">Its push_time_seconds, of which the labels are taken.</param>
    /// <param name="rule">See <see cref="Rule"/>.</param>
    /// <param name="within">See <see cref="Within"/>.</param>
    public static OverdueMark Of(in FamilyEntry time, int rule, long within)
    {
        ReadOnlySpan<byte> line = time.TextSpan;
        ReadOnlySpan<byte> labels = line[BuiltInFamilies.PushTime.Length..line.LastIndexOf((byte)' ')];
        byte[] both = [.. BuiltInFamilies.Overdue, .. labels, .. " 0\n"u8, .. BuiltInFamilies.Overdue, .. labels, .. " 1\n"u8];
        var entries = new FamilyEntry[2];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new FamilyEntry(BuiltInFamilies.OverdueHead)
            {
                Text = both.AsMemory(i * both.Length / 2, both.Length / 2),
                Traits = time.Traits & FamilyTraits.EscapedNames,
                SampleCount = 1,
                Serial = EntrySerial.Next(),
            };
        }

        return new OverdueMark(entries, rule, within);
    }

    /// <summary>The line.</summary>
    public ref readonly FamilyEntry Entry(bool overdue) => ref _entries[overdue ? 1 : 0];
}
