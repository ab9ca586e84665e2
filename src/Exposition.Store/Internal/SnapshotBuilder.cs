using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Exposition.Formats;

namespace Exposition.Store.Internal;

// A push is rendered once, into one exact block that all its entries share: first the text pieces, then the sidecars. The block is never
// written again. An entry of a POST keeps the block of the push that wrote it alive; Combine repacks a group whose blocks have become
// many or mostly dead.

/// <summary>Renders pushed families into entries, and combines them with those a group already has.</summary>
internal static class SnapshotBuilder
{
    private const int BlocksMax = 8;
    private const ulong ExactInText = 1UL << 53;

    private static readonly SearchValues<byte> s_legacy = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:"u8);

    /// <summary>Renders families (labels merged, metrics in order) into entries sorted by name.</summary>
    /// <param name="set">Holds the families.</param>
    /// <param name="textOutput">A buffer to use.</param>
    /// <param name="sidecarOutput">A buffer to use.</param>
    /// <param name="families">Indexes of the families to render, sorted by name.</param>
    /// <param name="now">The push time in nanoseconds since the Unix epoch.</param>
    /// <param name="known">The group's entries so far: names and help texts that did not change are shared with them.</param>
    public static FamilyEntry[] Render(
        FamilySet set, BlockWriter textOutput, BlockWriter sidecarOutput, ReadOnlySpan<int> families, long now, ReadOnlySpan<FamilyEntry> known)
    {
        var entries = new FamilyEntry[families.Length];
        byte[] block = [];
        Render(set, textOutput, sidecarOutput, families, now, known, entries, ref block);
        return entries;
    }

    /// <summary>Renders families into entries and a block that are there.</summary>
    /// <inheritdoc cref="Render(FamilySet, BlockWriter, BlockWriter, ReadOnlySpan{int}, long, ReadOnlySpan{FamilyEntry})"/>
    /// <param name="set">Holds the families.</param>
    /// <param name="textOutput">A buffer to use.</param>
    /// <param name="sidecarOutput">A buffer to use.</param>
    /// <param name="families">Indexes of the families to render, sorted by name.</param>
    /// <param name="now">The push time in nanoseconds since the Unix epoch.</param>
    /// <param name="known">Entries with which names and help texts that did not change are shared. None of <paramref name="entries"/>.</param>
    /// <param name="entries">As many as families.</param>
    /// <param name="block">Replaced by a new one if it is too small.</param>
    public static void Render(
        FamilySet set, BlockWriter textOutput, BlockWriter sidecarOutput, ReadOnlySpan<int> families, long now, ReadOnlySpan<FamilyEntry> known, Span<FamilyEntry> entries, ref byte[] block)
    {
        textOutput.Clear();
        sidecarOutput.Clear();
        Span<(int Text, int Sidecar, MetricContent Absent)> ends = families.Length <= 256 ? stackalloc (int, int, MetricContent)[families.Length] : new (int, int, MetricContent)[families.Length];
        for (int i = 0; i < families.Length; i++)
        {
            TextFormat.WriteSamples(set, families[i], EscapingScheme.AllowUtf8, textOutput);
            bool isUniform = TryGetAbsent(set, families[i], out MetricContent absent);
            if (!isUniform || NeedsSidecar(set, families[i]))
            {
                ProtobufFormat.WriteMetrics(set, families[i], sidecarOutput);
            }

            ends[i] = (textOutput.Count, sidecarOutput.Count, absent);
        }

        int textBytes = textOutput.Count;
        if (block.Length < textBytes + sidecarOutput.Count)
        {
            block = GC.AllocateUninitializedArray<byte>(textBytes + sidecarOutput.Count);
        }

        textOutput.Written.CopyTo(block);
        sidecarOutput.Written.CopyTo(block.AsSpan(textBytes));
        (int text, int sidecar) = (0, 0);
        long serial = EntrySerial.Next(families.Length);
        for (int i = 0; i < families.Length; i++)
        {
            ref FamilyRow row = ref set.Families[families[i]];
            ReadOnlySpan<byte> name = set.Text(row.Name);
            int at = GroupSnapshot.IndexOf(known, name);
            (byte[]? help, bool hasHelp) = (null, row.HasHelp);
            ReadOnlyMemory<byte> piece = block.AsMemory(text, ends[i].Text - text);
            entries[i] = new FamilyEntry
            {
                Name = at >= 0 ? known[at].Name : name.ToArray(),
                Type = row.Type,
                HasHelp = hasHelp,
                Help = !hasHelp ? help : at >= 0 && known[at].Help.Span.SequenceEqual(set.Text(row.Help)) ? known[at].Help : HelpOf(set.Text(row.Help)),
                UnitLength = FamilyEntry.LengthOfUnit(name, row.Type, set.Text(row.Unit)),
                PushedAt = now,
                Text = piece,
                Sidecar = block.AsMemory(textBytes + sidecar, ends[i].Sidecar - sidecar),
                Traits = TraitsOf(set, families[i], ends[i].Absent),
                SampleCount = piece.Span.Count((byte)'\n'),
                Serial = serial + i,
            };
            (text, sidecar, _) = ends[i];
        }
    }

    /// <summary>The families of a group after a push.</summary>
    /// <param name="old">Before it, sorted by name.</param>
    /// <param name="pushed">Its own, sorted by name.</param>
    /// <param name="replace">PUT: of the old ones only push_failure_time_seconds stays.</param>
    public static FamilyEntry[] Combine(ReadOnlySpan<FamilyEntry> old, FamilyEntry[] pushed, bool replace)
    {
        if (old.IsEmpty)
        {
            return pushed;
        }

        var all = new List<FamilyEntry>(replace ? pushed.Length + 1 : old.Length + pushed.Length);
        int next = 0;
        foreach (ref readonly FamilyEntry entry in old)
        {
            ReadOnlySpan<byte> name = entry.Name.Span;
            int order = 1;
            while (next < pushed.Length && (order = pushed[next].Name.Span.SequenceCompareTo(name)) < 0)
            {
                all.Add(pushed[next++]);
            }

            bool replaced = next < pushed.Length && order == 0;
            if (!replaced && (!replace || name.SequenceEqual(OwnNames.PushFailure)))
            {
                all.Add(entry);
            }
        }

        all.AddRange(pushed.AsSpan(next));
        FamilyEntry[] combined = [.. all];
        Repack(combined);
        return combined;
    }

    private static void Repack(FamilyEntry[] entries)
    {
        var blocks = new HashSet<byte[]>(ReferenceEqualityComparer.Instance);
        long live = 0;
        foreach (ref readonly FamilyEntry entry in entries.AsSpan())
        {
            live += entry.Text.Length + entry.Sidecar.Length;
            if (MemoryMarshal.TryGetArray(entry.Text, out ArraySegment<byte> text) && text.Array!.Length > 0)
            {
                blocks.Add(text.Array);
            }
        }

        if (blocks.Count <= BlocksMax && live * 2 >= blocks.Sum(static b => (long)b.Length))
        {
            return;
        }

        byte[] block = GC.AllocateUninitializedArray<byte>(checked((int)live));
        int at = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            FamilyEntry entry = entries[i];
            entries[i] = entry with { Text = Move(entry.Text, block, ref at), Sidecar = Move(entry.Sidecar, block, ref at) };
        }
    }

    private static ReadOnlyMemory<byte> Move(ReadOnlyMemory<byte> piece, byte[] block, ref int at)
    {
        piece.CopyTo(block.AsMemory(at));
        at += piece.Length;
        return block.AsMemory(at - piece.Length, piece.Length);
    }

    // A scrape is refused as a whole by Prometheus if a help text is not UTF-8, so what is not becomes U+FFFD here.
    private static byte[] HelpOf(ReadOnlySpan<byte> help) =>
        Utf8.IsValid(help) ? help.ToArray() : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(help));

    // Whether text alone would lose something (DESIGN: float against integer counts, a missing +Inf bucket, -0, ...).
    private static bool NeedsSidecar(FamilySet set, int family)
    {
        ref FamilyRow row = ref set.Families[family];
        bool histogram = row.Type is MetricType.Histogram or MetricType.GaugeHistogram;
        if (row.Type == MetricType.GaugeHistogram && row.MetricCount > 0)
        {
            return true;
        }

        for (int metric = row.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            ref MetricRow m = ref set.Metrics[metric];
            MetricContent kinds = m.Content & MetricContent.Kinds;
            if ((m.Content & (MetricContent.FloatCounts | MetricContent.NativeHistogram | MetricContent.OnlyInRaw)) != 0
                || (kinds & (kinds - 1)) != 0
                || (m.Value == 0 && double.IsNegative(m.Value))
                || m.Count > ExactInText
                || (histogram && (m.Content & MetricContent.InfBucket) == 0)
                || (!m.Raw.IsEmpty && HasColonLabel(set, metric)))
            {
                return true;
            }

            for (int point = m.FirstPoint; point >= 0; point = set.Points[point].Next)
            {
                ref PointRow p = ref set.Points[point];
                if (double.IsNaN(p.Bound) || p.Count > ExactInText || (p.Value == 0 && double.IsNegative(p.Value)) || (p.Bound == 0 && double.IsNegative(p.Bound)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static FamilyTraits TraitsOf(FamilySet set, int family, MetricContent absent) =>
        (HasEscapedNames(set, family) ? FamilyTraits.EscapedNames : 0)
            | ((absent & MetricContent.NoCount) != 0 ? FamilyTraits.NoCounts : 0)
            | ((absent & MetricContent.NoSum) != 0 ? FamilyTraits.NoSums : 0);

    // What all metrics of a family lack is a trait of the family. Where only some lack it, only the sidecar can say which.
    private static bool TryGetAbsent(FamilySet set, int family, out MetricContent absent)
    {
        const MetricContent Parts = MetricContent.NoCount | MetricContent.NoSum;
        (MetricContent all, MetricContent any) = (Parts, MetricContent.None);
        for (int metric = set.Families[family].FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            MetricContent content = set.Metrics[metric].Content;
            all &= content;
            any |= content;
        }

        absent = all & any;
        return all == (any & Parts);
    }

    private static bool HasColonLabel(FamilySet set, int metric)
    {
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(metric))
        {
            if (set.Text(label.Name).Contains((byte)':'))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasEscapedNames(FamilySet set, int family)
    {
        ref FamilyRow row = ref set.Families[family];
        if (!IsLegacy(set.Text(row.Name)))
        {
            return true;
        }

        for (int metric = row.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(metric))
            {
                if (!IsLegacy(set.Text(label.Name)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsLegacy(ReadOnlySpan<byte> name) => !name.ContainsAnyExcept(s_legacy) && !char.IsAsciiDigit((char)name[0]);
}
