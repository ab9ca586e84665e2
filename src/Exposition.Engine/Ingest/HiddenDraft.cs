using Exposition.Engine.Groups;

namespace Exposition.Engine.Ingest;

// A group may have a hundred thousand hidden families. What takes time with each of them is done before the writer lock is taken; under it
// their references are copied, at most.

/// <summary>The hidden families of a draft, in order of their names.</summary>
internal sealed class HiddenDraft
{
    private HiddenFamily[] _before = [];
    private List<HiddenFamily>? _gone;

    /// <summary>All of them, to be published as they are.</summary>
    public HiddenFamily[] Families { get; private set; } = [];

    /// <summary>Those of the old group that are not among them.</summary>
    public IReadOnlyList<HiddenFamily> Gone => _gone is null ? [] : _gone;

    /// <summary>How many have been added.</summary>
    public int Added { get; private set; }

    /// <summary>Keeps those of the old group that are there as they were.</summary>
    public void KeepFrom(HiddenFamily[] before, ReadOnlySpan<FamilyEntry> families)
    {
        _before = before;
        int at = 0;
        foreach (HiddenFamily hidden in before)
        {
            int order = 1;
            while (at < families.Length && (order = families[at].Name.Span.SequenceCompareTo(hidden.Name.Span)) < 0)
            {
                at++;
            }

            if (at == families.Length || order != 0 || (families[at].Traits & FamilyTraits.Hidden) == 0)
            {
                (_gone ??= []).Add(hidden);
            }
        }

        Families = _gone is null ? before : Without(before, _gone);
    }

    /// <summary>Adds what was found hidden since the last time.</summary>
    /// <param name="found">All that was found so far; what is new in it is put in order of the names.</param>
    /// <param name="slot">The slot of the group.</param>
    public void Add(List<HiddenFamily>? found, GroupSlot slot)
    {
        if (found is null || found.Count == Added)
        {
            return;
        }

        int count = found.Count - Added;
        found.Sort(Added, count, HiddenFamily.ByName);
        var all = new HiddenFamily[Families.Length + count];
        int length = 0, next = 0, before = 0;
        foreach (HiddenFamily hidden in found.Slice(Added, count))
        {
            CopyUntil(hidden, Families, ref next, all, ref length);
            if (next < Families.Length && Families[next].IsNamed(hidden.Name.Span))
            {
                (_gone ??= []).Add(Families[next++]);
            }

            // What was hidden under its name came when it did.
            before = HiddenFamily.PlaceOf(_before, hidden.Name.Span, before);
            hidden.Order = before < _before.Length && _before[before].IsNamed(hidden.Name.Span) ? _before[before].Order : hidden.Order;
            hidden.Slot = slot;
            all[length++] = hidden;
        }

        (Families, Added) = (Rest(Families, next, all, length), found.Count);
    }

    /// <summary>Takes out those that are shown now.</summary>
    public void Show(List<HiddenFamily> shown)
    {
        shown.Sort(HiddenFamily.ByName);
        Families = Without(Families, shown);
    }

    // By name: one may have taken the place of another.
    private static HiddenFamily[] Without(HiddenFamily[] families, List<HiddenFamily> gone)
    {
        var left = new HiddenFamily[families.Length];
        int length = 0, next = 0;
        foreach (HiddenFamily hidden in gone)
        {
            CopyUntil(hidden, families, ref next, left, ref length);
            next += next < families.Length && families[next].IsNamed(hidden.Name.Span) ? 1 : 0;
        }

        return Rest(families, next, left, length);
    }

    private static void CopyUntil(HiddenFamily hidden, HiddenFamily[] from, ref int next, HiddenFamily[] to, ref int length)
    {
        int at = HiddenFamily.PlaceOf(from, hidden.Name.Span, next);
        from.AsSpan(next..at).CopyTo(to.AsSpan(length));
        length += at - next;
        next = at;
    }

    private static HiddenFamily[] Rest(HiddenFamily[] from, int next, HiddenFamily[] to, int length)
    {
        from.AsSpan(next).CopyTo(to.AsSpan(length));
        length += from.Length - next;
        return length == to.Length ? to : to[..length];
    }
}
