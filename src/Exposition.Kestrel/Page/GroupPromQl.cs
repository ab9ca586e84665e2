using Exposition.Engine;
using Exposition.Engine.Groups;

namespace Exposition.Kestrel.Page;

// The gateway gives every series an instance, an empty one where neither the group nor the push has one. A selector without it would choose
// the groups of all instances of the job.

/// <summary>How a group is chosen in PromQL.</summary>
internal static class GroupPromQl
{
    // One line each: those of a family have the same labels, but for mistakes.
    private const int MostLooked = 1000;

    /// <summary>The selector of the group's own series: its push times, and those that have no instance of their own.</summary>
    public static string Selector(GroupingKey key)
    {
        foreach (GroupingLabel label in key.Labels)
        {
            if (label.Name.SequenceEqual("instance"u8))
            {
                return key.ToString();
            }
        }

        return "{instance=\"\"," + key.ToString()[1..];
    }

    /// <summary>The selector of all that was pushed to the group.</summary>
    public static string SelectorOfAll(GroupSnapshot group) => HasOwnInstances(group) ? group.Key.ToString() : Selector(group.Key);

    private static bool HasOwnInstances(GroupSnapshot group)
    {
        foreach (ref readonly FamilyEntry family in group.Families[..Math.Min(group.Families.Length, MostLooked)])
        {
            ReadOnlySpan<byte> text = family.Text.Span;
            ReadOnlySpan<byte> line = text[..(text.IndexOf((byte)'\n') + 1)];
            if (!BuiltInFamilies.IsEither(family.Name.Span) && (Has(line, "{instance=\""u8) || Has(line, ",instance=\""u8)))
            {
                return true;
            }
        }

        return false;
    }

    // Quotes inside of values are escaped, so this is no part of one.
    private static bool Has(ReadOnlySpan<byte> line, ReadOnlySpan<byte> start) =>
        line.IndexOf(start) is var at and >= 0 && line[at + start.Length] != (byte)'"';
}
