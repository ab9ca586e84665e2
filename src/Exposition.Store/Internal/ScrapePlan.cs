namespace Exposition.Store.Internal;

/// <summary>Turns a view (groups in key order, each with its families) around: families in name order, each with the groups that hold it.</summary>
internal static class ScrapePlan
{
    public static List<ScrapeFamily> Make(StoreView view, ReadOnlySpan<FamilyEntry> own)
    {
        var byName = new Dictionary<ReadOnlyMemory<byte>, ScrapeFamily>(MemoryComparer.Instance);
        var families = new List<ScrapeFamily>();
        foreach (ref readonly FamilyEntry entry in own)
        {
            GetOrAdd(byName, families, entry, own: true).AddOwn(entry);
        }

        // Neighbouring groups mostly hold the same families: the family at the same position in the group before is tried first.
        var atPosition = new List<ScrapeFamily?>();
        foreach (GroupSnapshot group in view.Groups)
        {
            ReadOnlySpan<FamilyEntry> entries = group.Families;
            for (int i = 0; i < entries.Length; i++)
            {
                if (!FamilyDirectory.Counts(entries[i]))
                {
                    continue;
                }

                while (atPosition.Count <= i)
                {
                    atPosition.Add(null);
                }

                if (atPosition[i] is { } guess && guess.Name.Span.SequenceEqual(entries[i].Name.Span))
                {
                    guess.Add(entries[i]);
                    continue;
                }

                ScrapeFamily family = GetOrAdd(byName, families, entries[i], own: false);
                family.Add(entries[i]);
                atPosition[i] = family;
            }
        }

        families.Sort(static (a, b) => a.Name.Span.SequenceCompareTo(b.Name.Span));
        return families;
    }

    private static ScrapeFamily GetOrAdd(
        Dictionary<ReadOnlyMemory<byte>, ScrapeFamily> byName, List<ScrapeFamily> families, in FamilyEntry entry, bool own)
    {
        if (!byName.TryGetValue(entry.Name, out ScrapeFamily? family))
        {
            family = new ScrapeFamily(entry, own);
            byName.Add(entry.Name, family);
            families.Add(family);
        }

        return family;
    }
}
