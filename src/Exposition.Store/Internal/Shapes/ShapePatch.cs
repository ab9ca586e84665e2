using System.Text;
using Exposition.Formats;

namespace Exposition.Store.Internal.Shapes;

/// <summary>Makes a group's families out of those of its last push and a shape that has compared a body.</summary>
internal static class ShapePatch
{
    /// <summary>The group's families with the pushed values and a new push time.</summary>
    /// <param name="current">The group's families so far; among them, in the order of the shape, those that are pushed.</param>
    /// <param name="shape">Holds the values. Its block is rendered by this.</param>
    /// <param name="now">The push time in nanoseconds since the Unix epoch.</param>
    /// <param name="replaced">The block that goes out of use with the group's snapshot so far, if it came from the pool.</param>
    /// <returns>Null if the group is not what the shape says.</returns>
    public static FamilyEntry[]? Apply(ReadOnlySpan<FamilyEntry> current, PushShape shape, long now, out byte[]? replaced)
    {
        ReadOnlyMemory<byte> block = shape.Patch(out replaced);
        var families = new FamilyEntry[current.Length];
        int next = 0;
        int start = 0;
        bool timed = false;
        for (int i = 0; i < current.Length; i++)
        {
            FamilyEntry entry = current[i];
            if (entry.Name.Span.SequenceEqual(OwnNames.PushTime))
            {
                families[i] = entry with { Text = WithValue(entry.Text.Span, now / 1e9), PushedAt = now, Serial = EntrySerial.Next() };
                timed = true;
            }
            else if (next < shape.FamilyCount && shape.IsFamily(next, entry.Name))
            {
                long serial = shape.IsFamilyChanged(next) ? EntrySerial.Next() : entry.Serial;
                int end = shape.FamilyEnd(next++);
                families[i] = entry with { Text = block[start..end], PushedAt = now, Serial = serial };
                start = end;
            }
            else
            {
                families[i] = entry;
            }
        }

        return timed && next == shape.FamilyCount ? families : null;
    }

    /// <summary>What differs between two lists of families, or null.</summary>
    public static string? Difference(ReadOnlySpan<FamilyEntry> expected, ReadOnlySpan<FamilyEntry> actual)
    {
        if (expected.Length != actual.Length)
        {
            return $"{expected.Length} families instead of {actual.Length}";
        }

        for (int i = 0; i < expected.Length; i++)
        {
            FamilyEntry a = expected[i];
            FamilyEntry b = actual[i];
            if (!a.Name.Span.SequenceEqual(b.Name.Span) || a.Type != b.Type || a.HasHelp != b.HasHelp || !a.Help.Span.SequenceEqual(b.Help.Span)
                || a.PushedAt != b.PushedAt || !a.Text.Span.SequenceEqual(b.Text.Span) || !a.Sidecar.Span.SequenceEqual(b.Sidecar.Span)
                || a.Traits != b.Traits || a.SampleCount != b.SampleCount)
            {
                return $"{Encoding.UTF8.GetString(a.Name.Span)} as {Encoding.UTF8.GetString(a.Text.Span)} instead of {Encoding.UTF8.GetString(b.Text.Span)}";
            }
        }

        return null;
    }

    // The one line of a family, with another value.
    private static byte[] WithValue(ReadOnlySpan<byte> line, double value)
    {
        int key = line.LastIndexOf((byte)' ') + 1;
        Span<byte> digits = stackalloc byte[ExpositionNumber.MaxLength];
        int length = ExpositionNumber.Format(value, digits);
        return [.. line[..key], .. digits[..length], (byte)'\n'];
    }
}
