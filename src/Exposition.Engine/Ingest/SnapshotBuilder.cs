using System.Text;
using System.Text.Unicode;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Formats;

namespace Exposition.Engine.Ingest;

// A push is rendered once, into one block that all its entries share: first the text pieces, those of the store's own families last, then
// the sidecars. So the pushed pieces are one run of bytes, which is what a PushShape patches. The block is not written again as long as
// anybody can see it. An entry of a POST keeps the block of the push that wrote it alive; GroupPacking packs blocks that have become many
// or mostly dead.

/// <summary>Renders pushed families into entries.</summary>
internal static class SnapshotBuilder
{
    /// <summary>Renders families (labels merged, metrics in order) into entries sorted by name.</summary>
    /// <param name="set">Holds the families.</param>
    /// <param name="textOutput">A buffer to use.</param>
    /// <param name="sidecarOutput">A buffer to use.</param>
    /// <param name="families">Indexes of the families to render, sorted by name.</param>
    /// <param name="now">The push time in nanoseconds since the Unix epoch.</param>
    /// <param name="known">The group's entries so far: names and help texts that did not change are shared with them.</param>
    /// <param name="pool">Where the block comes from; null for one of exactly the size needed.</param>
    /// <param name="isFirst">The group is new, and may never be pushed again: a small block is of exactly the size needed then,
    /// too.</param>
    /// <param name="block">The block that the entries share. It is the caller's.</param>
    public static FamilyEntry[] Render(
        FamilySet set,
        BlockWriter textOutput,
        BlockWriter sidecarOutput,
        ReadOnlySpan<int> families,
        long now,
        ReadOnlySpan<FamilyEntry> known,
        BlockPool? pool,
        bool isFirst,
        out byte[] block)
    {
        Span<Piece> pieces = families.Length <= 128 ? stackalloc Piece[families.Length] : new Piece[families.Length];
        int bytes = RenderPieces(set, textOutput, sidecarOutput, families, pieces);
        block = pool is null || (isFirst && bytes < BlockPool.Large) ? GC.AllocateUninitializedArray<byte>(bytes) : pool.Rent(bytes);
        var entries = new FamilyEntry[families.Length];
        Fill(set, textOutput, sidecarOutput, families, pieces, now, known, entries, block);
        return entries;
    }

    /// <summary>Renders families into entries that are valid as long as nothing else is written to the buffers.</summary>
    /// <returns>Null if they need more than text.</returns>
    public static FamilyEntry[]? RenderInPlace(
        FamilySet set, BlockWriter textOutput, BlockWriter sidecarOutput, ReadOnlySpan<int> families, ReadOnlySpan<FamilyEntry> known)
    {
        var pieces = new Piece[families.Length];
        RenderPieces(set, textOutput, sidecarOutput, families, pieces);
        if (sidecarOutput.Count > 0)
        {
            return null;
        }

        var entries = new FamilyEntry[families.Length];
        Fill(set, families, pieces, textOutput.Count, now: 0, known, entries, textOutput.Array);
        return entries;
    }

    /// <summary>Renders families into entries and a block that are there.</summary>
    /// <param name="set">Holds the families.</param>
    /// <param name="textOutput">A buffer to use.</param>
    /// <param name="sidecarOutput">A buffer to use.</param>
    /// <param name="families">Indexes of the families to render, sorted by name.</param>
    /// <param name="now">The push time in nanoseconds since the Unix epoch.</param>
    /// <param name="known">Entries with which names and help texts that did not change are shared. None of
    /// <paramref name="entries"/>.</param>
    /// <param name="entries">As many as families.</param>
    /// <param name="block">Replaced by a new one if it is too small.</param>
    public static void Render(
        FamilySet set, BlockWriter textOutput, BlockWriter sidecarOutput, ReadOnlySpan<int> families, long now,
            ReadOnlySpan<FamilyEntry> known, Span<FamilyEntry> entries, ref byte[] block)
    {
        Span<Piece> pieces = families.Length <= 128 ? stackalloc Piece[families.Length] : new Piece[families.Length];
        int bytes = RenderPieces(set, textOutput, sidecarOutput, families, pieces);
        if (block.Length < bytes)
        {
            block = GC.AllocateUninitializedArray<byte>(bytes);
        }

        Fill(set, textOutput, sidecarOutput, families, pieces, now, known, entries, block);
    }

    // Into the buffers; says how many bytes that is.
    private static int RenderPieces(
        FamilySet set, BlockWriter textOutput, BlockWriter sidecarOutput, ReadOnlySpan<int> families, Span<Piece> pieces)
    {
        textOutput.Restart();
        sidecarOutput.Restart();
        int own = 0;
        for (int i = 0; i < families.Length; i++)
        {
            if (BuiltInFamilies.IsEither(set.Text(set.Families[families[i]].Name)))
            {
                own++;
            }
            else
            {
                pieces[i] = RenderPiece(set, families[i], textOutput, sidecarOutput);
            }
        }

        for (int i = 0; own > 0 && i < families.Length; i++)
        {
            if (BuiltInFamilies.IsEither(set.Text(set.Families[families[i]].Name)))
            {
                pieces[i] = RenderPiece(set, families[i], textOutput, sidecarOutput);
                own--;
            }
        }

        return textOutput.Count + sidecarOutput.Count;
    }

    private static void Fill(
        FamilySet set,
        BlockWriter textOutput,
        BlockWriter sidecarOutput,
        ReadOnlySpan<int> families,
        ReadOnlySpan<Piece> pieces,
        long now,
        ReadOnlySpan<FamilyEntry> known,
        Span<FamilyEntry> entries,
        byte[] block)
    {
        textOutput.Written.CopyTo(block);
        sidecarOutput.Written.CopyTo(block.AsSpan(textOutput.Count));
        Fill(set, families, pieces, textOutput.Count, now, known, entries, block);
    }

    private static void Fill(
        FamilySet set,
        ReadOnlySpan<int> families,
        ReadOnlySpan<Piece> pieces,
        int textBytes,
        long now,
        ReadOnlySpan<FamilyEntry> known,
        Span<FamilyEntry> entries,
        byte[] block)
    {
        long serial = EntrySerial.Next(families.Length);
        for (int i = 0; i < families.Length; i++)
        {
            ref FamilyRow row = ref set.Families[families[i]];
            ReadOnlySpan<byte> name = set.Text(row.Name);
            int at = GroupSnapshot.IndexOf(known, name);
            ref readonly Piece piece = ref pieces[i];
            ReadOnlyMemory<byte> text = piece.TextLength == 0 ? default : block.AsMemory(piece.Text, piece.TextLength);
            entries[i] = new FamilyEntry(HeadOf(set, row, at >= 0 ? known[at].Head : null))
            {
                PushedAt = now,
                Text = text,

                // An empty sidecar must not keep a reference to the block.
                Sidecar = piece.SidecarLength == 0 ? default : block.AsMemory(textBytes + piece.Sidecar, piece.SidecarLength),
                Traits = TextTraits.Of(set, families[i], piece.Absent),
                SampleCount = text.Span.Count((byte)'\n'),
                Serial = serial + i,
            };
        }
    }

    // The one that the group had, if the push says the same.
    private static FamilyHead HeadOf(FamilySet set, in FamilyRow row, FamilyHead? known)
    {
        ReadOnlySpan<byte> name = set.Text(row.Name);
        ReadOnlySpan<byte> help = row.HasHelp ? set.Text(row.Help) : default;
        byte unitLength = FamilyEntry.LengthOfUnit(name, row.Type, set.Text(row.Unit));
        bool sameHelp = known is not null && known.HasHelp == row.HasHelp && known.Help.Span.SequenceEqual(help);
        return sameHelp && known!.Type == row.Type && known.UnitLength == unitLength ? known
            : new FamilyHead(known?.Name ?? name.ToArray(), row.Type, row.HasHelp,
                !row.HasHelp ? default : sameHelp ? known!.Help : HelpOf(help), unitLength);
    }

    private static Piece RenderPiece(FamilySet set, int family, BlockWriter textOutput, BlockWriter sidecarOutput)
    {
        (int text, int sidecar) = (textOutput.Count, sidecarOutput.Count);
        TextFormat.WriteSamples(set, family, EscapingScheme.AllowUtf8, textOutput);
        bool isUniform = TextTraits.TryGetAbsent(set, family, out MetricContent absent);
        if (!isUniform || TextTraits.NeedsSidecar(set, family))
        {
            ProtobufFormat.WriteMetrics(set, family, sidecarOutput);
        }

        return new Piece(text, textOutput.Count - text, sidecar, sidecarOutput.Count - sidecar, absent);
    }

    // A scrape is refused as a whole by Prometheus if a help text is not UTF-8, so what is not becomes U+FFFD here.
    private static byte[] HelpOf(ReadOnlySpan<byte> help) =>
        Utf8.IsValid(help) ? help.ToArray() : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(help));

    // Where a family was rendered to, and what all its metrics lack.
    private readonly record struct Piece(int Text, int TextLength, int Sidecar, int SidecarLength, MetricContent Absent);
}
