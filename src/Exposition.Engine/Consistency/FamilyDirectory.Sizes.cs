using Exposition.Engine.Groups;

namespace Exposition.Engine.Consistency;

/// <summary>How many sets of grouping label names the families have, for whoever is to know how near the limit is.</summary>
internal sealed partial class FamilyDirectory
{
    private readonly SetSizes _sizes = new();

    /// <summary>The sets of the family that has most of those that the limit is for. Safe from any thread.</summary>
    public int MostNameSets => _sizes.Most;

    private void Count(FamilyInfo info, in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families, GroupSlot slot, int change)
    {
        int before = info.NameSets.Length;
        info.Count(entry.Type, slot, change, hasOwnLabels: !BuiltInFamilies.IsPlain(entry, families));
        if (info.NameSets.Length != before && !BuiltInFamilies.IsAny(entry.Name.Span))
        {
            _sizes.Change(before, info.NameSets.Length);
        }
    }
}
