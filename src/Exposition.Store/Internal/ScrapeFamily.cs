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
        Entries.Add(entry);
    }
}
