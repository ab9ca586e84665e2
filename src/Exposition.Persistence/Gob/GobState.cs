using Exposition.Engine;

namespace Exposition.Persistence.Gob;

// Grammar of the file (Go's type definitions, whose ids differ between builds, are skipped by their length):
//   file    := (length:uint typeId:int<0 definition)*  length:uint typeId:int>0 00 groups
//   groups  := count  (key:bytes group)*
//   group   := {1: labels = count (name:bytes value:bytes)*, 2: families = count (name:bytes family)*}
//   family  := {1: time:bytes, 2: io.prometheus.client.MetricFamily:bytes}
//   {...}   := (delta:uint value)* 00      fields that are empty are left out
// The key is the canonical form that we use too; it says all that the labels say.

/// <summary>Reads the state file of the Prometheus Pushgateway.</summary>
/// <param name="file">The whole file.</param>
/// <param name="take">Takes each group that could be read.</param>
/// <param name="onDamaged">Is told of each group or family that cannot be kept, and why.</param>
internal sealed class GobState(ReadOnlyMemory<byte> file, RestoreGroup take, Action<string> onDamaged)
{
    // How many bytes of a file are needed to know it.
    public const int HeadBytes = 64;

    private readonly FamilyImport _import = new();

    /// <summary>Number of groups handed over.</summary>
    public int Groups { get; private set; }

    // The name of the outermost type, which opens the file's first definition.
    private static ReadOnlySpan<byte> Mark => "GroupingKeyToMetricGroup"u8;

    /// <summary>Whether a file that begins like this is one of the Pushgateway.</summary>
    public static bool IsOne(ReadOnlySpan<byte> head)
    {
        var reader = new GobReader(head);
        return reader.TryUInt(out _) && reader.TryInt(out long type) && type < 0
            && head[..Math.Min(head.Length, HeadBytes)].IndexOf(Mark) >= 0;
    }

    /// <summary>Hands over all groups.</summary>
    /// <returns>Null, or what is wrong with the file; what stands before that place has been handed over.</returns>
    public string? Read()
    {
        var reader = new GobReader(file.Span);
        int at = 0;
        while (reader.TryBytes(out ReadOnlySpan<byte> message))
        {
            at = reader.Position;
            var body = new GobReader(message);
            if (!body.TryInt(out long type))
            {
                return $"a message without a type before byte {reader.Position}";
            }

            if (type > 0)
            {
                int read = reader.Position - message.Length;
                bool complete = body.TryUInt(out ulong zero) && zero == 0 && ReadGroups(ref body) && body.AtEnd;
                return complete ? null : $"not understood at byte {read + body.Position}";
            }
        }

        // The groups are one message: cut short, it still tells the groups before the cut.
        var rest = new GobReader(file.Span[at..]);
        if (rest.TryUInt(out _) && rest.TryInt(out long id) && id > 0 && rest.TryUInt(out ulong none) && none == 0)
        {
            ReadGroups(ref rest);
        }

        return $"it ends in the middle of what begins at byte {at}";
    }

    private bool ReadGroups(ref GobReader reader)
    {
        if (!reader.TryUInt(out ulong count))
        {
            return false;
        }

        for (ulong i = 0; i < count; i++)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> key) || !ReadGroup(ref reader, key))
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadGroup(ref GobReader reader, ReadOnlySpan<byte> bytes)
    {
        _ = GroupingKey.TryCreate(bytes, out GroupingKey? key);
        var families = new List<FamilyEntry>();
        for (int field = 0; reader.TryField(ref field);)
        {
            bool read = field switch
            {
                1 => SkipLabels(ref reader),
                2 => ReadFamilies(ref reader, key, families),
                _ => false,
            };
            if (field == 0)
            {
                Take(key, families);
                return true;
            }

            if (!read)
            {
                return false;
            }
        }

        return false;
    }

    private void Take(GroupingKey? key, List<FamilyEntry> families)
    {
        if (key is null)
        {
            onDamaged("a group without a valid key");
            return;
        }

        families.Sort(static (a, b) => a.Name.Span.SequenceCompareTo(b.Name.Span));
        take(new KeptGroup(key, families.ToArray()));
        Groups++;
    }

    private static bool SkipLabels(ref GobReader reader)
    {
        if (!reader.TryCount(out int count))
        {
            return false;
        }

        for (int i = 0; i < count * 2L; i++)
        {
            if (!reader.TryBytes(out _))
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadFamilies(ref GobReader reader, GroupingKey? key, List<FamilyEntry> into)
    {
        if (!reader.TryCount(out int count))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            if (!reader.TryBytes(out ReadOnlySpan<byte> name) || !TryFamily(ref reader, out long time, out ReadOnlySpan<byte> message))
            {
                return false;
            }

            if (key is null)
            {
                continue;
            }

            if (!_import.TryRender(key, message, time, out FamilyEntry entry, out string? error))
            {
                onDamaged($"{key}: {error}");
            }
            else if (!entry.Name.Span.SequenceEqual(name))
            {
                onDamaged($"{key}: a family under the name of another");
            }
            else
            {
                into.Add(entry);
            }
        }

        return true;
    }

    private static bool TryFamily(ref GobReader reader, out long time, out ReadOnlySpan<byte> message)
    {
        time = 0;
        message = default;
        for (int field = 0; reader.TryField(ref field);)
        {
            bool read = field switch
            {
                1 => reader.TryTime(out time),
                2 => reader.TryBytes(out message),
                _ => false,
            };
            if (field == 0 || !read)
            {
                return field == 0;
            }
        }

        return false;
    }
}
