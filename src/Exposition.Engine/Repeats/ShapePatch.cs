using System.Text;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine.Repeats;

/// <summary>Makes a group's families out of those of its last push and a shape that has compared a body.</summary>
internal static class ShapePatch
{
    /// <summary>Makes a snapshot the group's next one, with the pushed values and a new push time.</summary>
    /// <param name="current">The group so far; among its families, in the order of the shape, those that are pushed.</param>
    /// <param name="shape">Holds the values. Its block is rendered by this.</param>
    /// <param name="now">The push time in nanoseconds since the Unix epoch.</param>
    /// <param name="next">Has room for as many families; nobody else has it.</param>
    /// <returns>False if the group is not what the shape says.</returns>
    public static bool Apply(GroupSnapshot current, PushShape shape, long now, GroupSnapshot next)
    {
        byte[] block = shape.Patch();
        Span<FamilyEntry> families = next.Follow(current);
        int pushed = 0;
        int start = 0;
        bool timed = false;
        foreach (ref FamilyEntry entry in families)
        {
            if (entry.Name.Span.SequenceEqual(BuiltInFamilies.PushTime))
            {
                entry = entry with { Text = WithValue(entry.Text.Span, now / 1e9, next), PushedAt = now, Serial = EntrySerial.Next() };
                next.PushedAt = now / 1e9;
                timed = true;
            }
            else if (pushed < shape.FamilyCount && shape.IsFamily(pushed, entry.Name))
            {
                long serial = shape.IsFamilyChanged(pushed) ? EntrySerial.Next() : entry.Serial;
                int end = shape.FamilyEnd(pushed++);
                entry = entry with { TextIn = new(block, start, end - start), PushedAt = now, Serial = serial };
                start = end;
            }
            else if (entry.Name.Span.SequenceEqual(BuiltInFamilies.PushFailure))
            {
                // One line shall not keep the block of a whole push.
                entry = entry with { Text = GroupDraft.Alone(entry.Text), Sidecar = GroupDraft.Alone(entry.Sidecar) };
            }
        }

        return timed && pushed == shape.FamilyCount;
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
            if (!a.Name.Span.SequenceEqual(b.Name.Span) || a.Type != b.Type || a.HasHelp != b.HasHelp
                || !a.Help.Span.SequenceEqual(b.Help.Span)
                || a.PushedAt != b.PushedAt || !a.Text.Span.SequenceEqual(b.Text.Span) || !a.Sidecar.Span.SequenceEqual(b.Sidecar.Span)
                || a.Traits != b.Traits || a.SampleCount != b.SampleCount)
            {
                return $"{Encoding.UTF8.GetString(a.Name.Span)} as {Encoding.UTF8.GetString(a.Text.Span)} instead of "
                    + $"{Encoding.UTF8.GetString(b.Text.Span)}";
            }
        }

        return null;
    }

    // The one line of a family, with another value, in memory of the snapshot.
    private static ReadOnlyMemory<byte> WithValue(ReadOnlySpan<byte> line, double value, GroupSnapshot next)
    {
        int key = line.LastIndexOf((byte)' ') + 1;
        Span<byte> buffer = next.PushTimeBuffer(key + ExpositionNumber.MaxLength + 1);
        line[..key].CopyTo(buffer);
        int length = key + ExpositionNumber.Format(value, buffer[key..]);
        buffer[length++] = (byte)'\n';
        return next.PushTimeLine(length);
    }
}
