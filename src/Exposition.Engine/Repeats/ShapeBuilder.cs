using System.Buffers.Text;
using System.Runtime.InteropServices;
using Exposition.Engine.Ingest;
using Exposition.Engine.Memory;
using Exposition.Engine.Remembering;
using Exposition.Formats;

namespace Exposition.Engine.Repeats;

// Which line of the block shows which value of the body is not derived but found out: a probe, the same body with its values replaced by
// 1, 2, 3, ..., goes through the same reading, merging, sorting and rendering, and the numbers come out at the places of the values. So no
// rule of the full path is stated twice here. Where the probe does not come out as expected, line for line, there is no shape.

/// <summary>Makes the shape of a body that was just stored.</summary>
internal static class ShapeBuilder
{
    /// <summary>Finds the shape.</summary>
    /// <param name="key">The group.</param>
    /// <param name="names">Which names the body may use.</param>
    /// <param name="body">The text body.</param>
    /// <param name="pushed">What it was rendered to, the store's own families left out, in the order of their names.</param>
    /// <param name="pool">Where patched blocks shall come from.</param>
    /// <param name="workspace">That of the push, which has no more use for it.</param>
    /// <param name="mode">What the push does. Where it is put together with what was there, lines that it has not pushed are among
    /// these.</param>
    /// <param name="aggregates">What becomes of what does not count where it adds.</param>
    /// <returns>Null where a body like this cannot be patched.</returns>
    public static PushShape? Build(
        GroupingKey key,
        NameScheme names,
        ReadOnlyMemory<byte> body,
        ReadOnlySpan<FamilyEntry> pushed,
        BlockPool pool,
        PushWorkspace workspace,
        PushMode mode,
        IReadOnlyList<AggregateRule> aggregates)
    {
        int lines = 0;
        foreach (ref readonly FamilyEntry entry in pushed)
        {
            lines += entry.SampleCount;
        }

        var tables = new ShapeTables(body.Span.Count((byte)'\n'), lines);
        if (!TryFindRun(pushed, out ArraySegment<byte> run) || !TryFindValues(body.Span, names, tables))
        {
            return null;
        }

        tables.IsJoined = PushModes.Joins(mode);
        if (!TryProbe(key, names, body.Span, pushed, pool, workspace, tables))
        {
            return null;
        }

        ShapeSums? sums = null;
        if (mode == PushMode.Add)
        {
            SetRules(pushed, run, tables, aggregates);
            sums = ShapeSums.Of(tables, body.Span, run);
        }

        return mode == PushMode.Add && sums is null ? null
            : new PushShape(tables, body.Span, run.Array!, run.Count, Names(pushed), pool, sums)
            {
                Mode = tables.IsJoined ? mode : PushMode.Merge,
            };
    }

    private static bool TryProbe(
        GroupingKey key,
        NameScheme names,
        ReadOnlySpan<byte> body,
        ReadOnlySpan<FamilyEntry> pushed,
        BlockPool pool,
        PushWorkspace workspace,
        ShapeTables tables)
    {
        byte[] probe = Probe(body, tables, pool, out int length);
        try
        {
            if (!TextFormat.TryRead(probe.AsMemory(0, length), new TextReadOptions(names, Lenient: true), workspace.Families, out _))
            {
                return false;
            }

            var push = new PendingPush(workspace, key, now: 0);
            return push.Prepare(leaveOut: false) is null && push.RenderInPlace(pushed) is { } probed
                && ShapeMatch.TryMatch(pushed, probed, tables);
        }
        finally
        {
            workspace.Families.ForgetSource();
            pool.Return(probe);
        }
    }

    private static ReadOnlyMemory<byte>[] Names(ReadOnlySpan<FamilyEntry> pushed)
    {
        var names = new ReadOnlyMemory<byte>[pushed.Length];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = pushed[i].Name;
        }

        return names;
    }

    // The pieces must be one run of bytes at the start of a block. None may have anything that only a sidecar can say.
    private static bool TryFindRun(ReadOnlySpan<FamilyEntry> pushed, out ArraySegment<byte> run)
    {
        run = default;
        foreach (ref readonly FamilyEntry entry in pushed)
        {
            if (!entry.Sidecar.IsEmpty || entry.IsHidden
                || !MemoryMarshal.TryGetArray(entry.Text, out ArraySegment<byte> text) || text.Count == 0 || text.Offset != run.Count
                || (run.Array is not null && run.Array != text.Array))
            {
                return false;
            }

            run = new ArraySegment<byte>(text.Array!, 0, run.Count + text.Count);
        }

        return run.Count > 0;
    }

    // The value is the last word of a sample line.
    private static bool TryFindValues(ReadOnlySpan<byte> body, NameScheme names, ShapeTables tables)
    {
        var reader = new ExpositionReader(body, new ExpositionReaderState(new TextReadOptions(names, Lenient: false)));
        int line = 0;
        while (reader.Read())
        {
            int end = reader.BytesConsumed - 1;
            if (reader.Token == ExpositionToken.Sample)
            {
                int start = body[line..end].LastIndexOf((byte)' ') + 1 + line;
                if (reader.HasTimestamp || start == line)
                {
                    return false;
                }

                tables.ValueStart.Add(start);
                tables.ValueEnd.Add(end);
            }

            line = reader.BytesConsumed;
        }

        return reader.Error is null && tables.ValueStart.Count > 0;
    }

    // Into a block of the pool.
    private static byte[] Probe(ReadOnlySpan<byte> body, ShapeTables tables, BlockPool pool, out int length)
    {
        const int LongestIndex = 10;
        byte[] probe = pool.Rent(checked(body.Length + (LongestIndex * tables.ValueStart.Count)));
        int copied = 0;
        length = 0;
        for (int i = 0; i < tables.ValueStart.Count; i++)
        {
            Append(body[copied..tables.ValueStart[i]], probe, ref length);
            Utf8Formatter.TryFormat(i + 1, probe.AsSpan(length), out int written);
            length += written;
            copied = tables.ValueEnd[i];
        }

        Append(body[copied..], probe, ref length);
        return probe;
    }

    private static void Append(ReadOnlySpan<byte> bytes, byte[] to, ref int length)
    {
        bytes.CopyTo(to.AsSpan(length));
        length += bytes.Length;
    }

    // Quoted names hide what follows them: there a sum is taken for a count, which asks for the full path where it is not whole.
    private static void SetRules(
        ReadOnlySpan<FamilyEntry> pushed, ReadOnlySpan<byte> run, ShapeTables tables, IReadOnlyList<AggregateRule> aggregates)
    {
        int line = 0;
        int start = 0;
        for (int family = 0; family < pushed.Length; family++)
        {
            Aggregate aggregate = AggregateRules.Of(aggregates, pushed[family].Name.Span);
            for (; line <= tables.LastLineOfFamily[family]; line++)
            {
                ReadOnlySpan<byte> text = run[start..tables.LineStart[line]];
                text = text.StartsWith(pushed[family].Name.Span) ? text[pushed[family].Name.Length..] : text;
                tables.Rules.Add(ShapeSums.RuleOf(pushed[family].Type, text, aggregate));
                start = tables.LineEnd[line] + 1;
            }
        }
    }
}
