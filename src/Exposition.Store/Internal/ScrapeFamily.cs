using Exposition.Formats;

namespace Exposition.Store.Internal;

/// <summary>A family of a scrape: the entries of all groups that hold it, in order of their keys, the host's own first.</summary>
internal sealed class ScrapeFamily(FamilyEntry first, bool own)
{
    private bool _onlyOwn = own;

    public ReadOnlyMemory<byte> Name { get; } = first.Name;

    public MetricType Type { get; private set; } = first.Type;

    public bool HasHelp { get; private set; }

    public ReadOnlyMemory<byte> Help { get; private set; }

    /// <summary>The unit of the first entry that has one.</summary>
    public ReadOnlyMemory<byte> Unit { get; private set; }

    public bool HasSuspects { get; private set; }

    public List<FamilyEntry> Entries { get; } = [];

    /// <summary>
    /// Takes a group's entry in, unless its values are of another kind than those of the groups before it. A family of the host gives way:
    /// it is never the reason why something pushed is not exposed.
    /// </summary>
    public void Add(in FamilyEntry entry)
    {
        if (PushRules.KindOf(entry.Type) != PushRules.KindOf(Type))
        {
            if (!_onlyOwn)
            {
                return;
            }

            Entries.Clear();
            (Type, HasHelp, Help, Unit) = (entry.Type, false, default, default);
        }

        _onlyOwn = false;
        Take(entry);
    }

    /// <summary>Takes an entry of the host in.</summary>
    public void AddOwn(in FamilyEntry entry) => Take(entry);

    private void Take(in FamilyEntry entry)
    {
        if (!HasHelp && entry.HasHelp)
        {
            (HasHelp, Help) = (true, entry.Help);
        }

        Unit = Unit.IsEmpty ? entry.Unit : Unit;
        HasSuspects |= (entry.Traits & FamilyTraits.Suspect) != 0;
        Entries.Add(entry);
    }

    /// <summary>Keeps only the first of every sample line with the same name and labels.</summary>
    public void LeaveOutDuplicates()
    {
        var seen = new HashSet<byte[]>(Utf8Key.Comparer);
        for (int i = 0; i < Entries.Count; i++)
        {
            FamilyEntry entry = Entries[i];
            var kept = new BlockWriter();
            bool dropped = false;
            ReadOnlySpan<byte> text = entry.Text.Span;
            while (!text.IsEmpty)
            {
                ReadOnlySpan<byte> line = text[..(text.IndexOf((byte)'\n') + 1)];
                text = text[line.Length..];
                if (seen.GetAlternateLookup<ReadOnlySpan<byte>>().Add(line[..line.LastIndexOf((byte)' ')]))
                {
                    System.Buffers.BuffersExtensions.Write(kept, line);
                }
                else
                {
                    dropped = true;
                }
            }

            if (dropped)
            {
                // Without its sidecar: that still holds what was left out.
                Entries[i] = entry with { Text = kept.Written.ToArray(), Sidecar = default };
            }
        }

        Entries.RemoveAll(static entry => entry.Text.IsEmpty);
    }
}
