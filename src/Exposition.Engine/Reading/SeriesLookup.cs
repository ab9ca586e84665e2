using Exposition.Engine.Groups;
using Exposition.Engine.Publishing;
using Exposition.Formats;

namespace Exposition.Engine.Reading;

// The labels of a group are on all of its series. So whoever gives all labels of a series has given those of the group among them; which
// they are, the sets of names say that groups have. There are few of these, each with at most one group, which is found by its key. Only
// if none has the series are some labels of the group missing, or is it not there: then all groups are gone through.

/// <summary>Finds the value of a series.</summary>
internal sealed class SeriesLookup(StoreState state, WriterLock writer, GroupReads reads)
{
    private static readonly byte[][] s_parts = ["_bucket"u8.ToArray(), "_count"u8.ToArray(), "_sum"u8.ToArray()];

    /// <summary>The value, as scrapes show it; null if there is no such series.</summary>
    /// <exception cref="InvalidOperationException">There are several, as labels of the group are missing.</exception>
    public double? Find(SeriesName series)
    {
        ExpositionReaderState lines = GroupCopies.NewReaderState();
        foreach (NameSet set in state.Directory.NameSets.Known ?? ListNameSets())
        {
            if (KeyOf(set, series) is { } key && reads.TryRead(
                key,
                (series, lines),
                static (group, asked) => ValueIn(group, asked.series, asked.lines, isWhole: true),
                out double? value)
                && value is not null)
            {
                return value;
            }
        }

        return Search(series, lines);
    }

    private NameSet[] ListNameSets()
    {
        using (writer.Enter(takesSteps: false))
        {
            return state.Directory.NameSets.List();
        }
    }

    private double? Search(SeriesName series, ExpositionReaderState lines)
    {
        double? found = null;
        GroupingKey? first = null;
        reads.ReadAll<object?>(null, null, (group, _) =>
        {
            if (!MayHave(group.Key, series) || ValueIn(group, series, lines, isWhole: false) is not { } value)
            {
                return;
            }

            if (first is not null)
            {
                throw new InvalidOperationException(
                    $"{series.Shown} stands for more than one series: one of group {first}, one of {group.Key}; give more labels");
            }

            (found, first) = (value, group.Key);
        });
        return found;
    }

    // Null where the series lacks a job.
    private static GroupingKey? KeyOf(NameSet set, SeriesName series)
    {
        var bytes = new List<byte>();
        foreach (byte[] name in set.Names)
        {
            if (bytes.Count > 0)
            {
                bytes.Add(GroupingKey.Separator);
            }

            bytes.AddRange(name);
            bytes.Add(GroupingKey.Separator);
            bytes.AddRange(series.ValueOf(name));
        }

        return GroupingKey.TryCreate([.. bytes], out GroupingKey? key) ? key : null;
    }

    private static bool MayHave(GroupingKey key, SeriesName series)
    {
        foreach (GroupingLabel label in key.Labels)
        {
            ReadOnlySpan<byte> asked = series.ValueOf(label.Name);
            if (!asked.IsEmpty && !asked.SequenceEqual(label.Value))
            {
                return false;
            }
        }

        return true;
    }

    private static double? ValueIn(GroupSnapshot group, SeriesName series, ExpositionReaderState lines, bool isWhole)
    {
        if (ValueIn(group, series.Name, series, lines, isWhole) is { } value)
        {
            return value;
        }

        foreach (byte[] part in s_parts)
        {
            if (series.Name.AsSpan().EndsWith(part)
                && ValueIn(group, series.Name.AsSpan(..^part.Length), series, lines, isWhole) is { } ofPart)
            {
                return ofPart;
            }
        }

        return null;
    }

    private static double? ValueIn(
        GroupSnapshot group, ReadOnlySpan<byte> family, SeriesName series, ExpositionReaderState lines, bool isWhole)
    {
        if (!group.TryGet(family, out FamilyEntry entry) || !entry.IsExposed)
        {
            return null;
        }

        lines.Reset();
        var reader = new ExpositionReader(entry.TextSpan, lines);
        while (reader.Read())
        {
            if (reader.Name.SequenceEqual(series.Name) && Matches(reader.Labels, series, isWhole ? null : group.Key))
            {
                return reader.Value;
            }
        }

        return null;
    }

    // Labels that were not asked for may only be those of the group, where these may be missing.
    private static bool Matches(ExpositionLabels labels, SeriesName series, GroupingKey? ofGroup)
    {
        int matched = 0;
        foreach (ExpositionLabel label in labels)
        {
            ReadOnlySpan<byte> asked = series.ValueOf(label.Name);
            if (!asked.SequenceEqual(label.Value) && !(asked.IsEmpty && ofGroup is not null && Has(ofGroup, label.Name)))
            {
                return false;
            }

            matched += asked.IsEmpty ? 0 : 1;
        }

        return matched == series.Labels.Length;
    }

    private static bool Has(GroupingKey key, ReadOnlySpan<byte> name)
    {
        foreach (GroupingLabel label in key.Labels)
        {
            if (label.Name.SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }
}
