using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine.Consistency;

/// <summary>What the store knows of a family over all groups. There may be as many as series, so it is small.</summary>
[DebuggerDisplay("{System.Text.Encoding.UTF8.GetString(Name),nq}, {Groups} groups")]
internal sealed class FamilyInfo(byte[] name)
{
    // Up to here a search is quicker than a table.
    private const int FewSets = 16;

    private CountsByType _groupsByType;
    private GroupSlot? _holder;
    private MetricType _holderType;
    private List<(NameSet Set, int Groups)>? _nameSets;
    private Dictionary<NameSet, int>? _places;

    /// <summary>Hidden families that wait for this one to go.</summary>
    public WaitingFamilies? Waiting { get; set; }

    /// <summary>The name, shared by all entries of the family.</summary>
    public byte[] Name { get; } = name;

    /// <summary>The type of the host's own family of this name.</summary>
    public MetricType? Reserved { get; set; }

    /// <summary>What the last group said of it that was not what the one before said: shared by those who say the same.</summary>
    public FamilyHead? Head { get; set; }

    public int Groups { get; private set; }

    /// <summary>
    /// Counts who takes it up, and, while somebody looks (<see cref="EarlyCheck"/>), who changes its series: a series may have come.
    /// </summary>
    public long Additions { get; private set; }

    /// <summary>Whether series come to it by one push alone, until that is done.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Whether one that is hidden could not be looked at meanwhile.</summary>
    public bool HasMissed { get; set; }

    public void Touch() => Additions++;

    /// <summary>
    /// The name sets of the groups that hold it, but for those that hold it with the labels of their key alone (see <see
    /// cref="BuiltInFamilies.IsPlain"/>).
    /// </summary>
    public ReadOnlySpan<(NameSet Set, int Groups)> NameSets => CollectionsMarshal.AsSpan(_nameSets);

    /// <summary>Whether it is stored under another name set than this one.</summary>
    public bool IsBeside(NameSet? names) => NameSets.Length > 1 || (NameSets.Length == 1 && !ReferenceEquals(NameSets[0].Set, names));

    public bool Has(NameSet names) => PlaceOf(names) >= 0;

    public int GroupsOf(MetricType type) => _groupsByType[(int)type];

    /// <summary>A group that holds the family with a type, if one is known.</summary>
    public GroupSlot? HolderOf(MetricType type) => _holderType == type ? _holder : null;

    public void SetHolder(MetricType type, GroupSlot? slot) => (_holder, _holderType) = (slot, type);

    /// <summary>A group holds the family (<paramref name="change"/> 1), or does so no longer (-1).</summary>
    public void Count(MetricType type, GroupSlot slot, int change, bool hasOwnLabels)
    {
        Additions += change > 0 ? 1 : 0;
        Groups += change;
        _groupsByType[(int)type] += change;
        if (change > 0)
        {
            SetHolder(type, slot);
        }
        else if (ReferenceEquals(_holder, slot))
        {
            _holder = null;
        }

        if (hasOwnLabels)
        {
            CountSet(slot.Names, change);
        }
    }

    private void CountSet(NameSet names, int change)
    {
        List<(NameSet Set, int Groups)> sets = _nameSets ??= new(1);
        int place = PlaceOf(names);
        if (place < 0)
        {
            sets.Add((names, change));
            if (sets.Count == FewSets + 1)
            {
                _places = [];
                for (int i = 0; i < sets.Count; i++)
                {
                    _places.Add(sets[i].Set, i);
                }
            }
            else
            {
                _places?.Add(names, sets.Count - 1);
            }
        }
        else if (sets[place].Groups + change > 0)
        {
            sets[place] = (names, sets[place].Groups + change);
        }
        else
        {
            Remove(sets, place);
        }
    }

    private void Remove(List<(NameSet Set, int Groups)> sets, int place)
    {
        _places?.Remove(sets[place].Set);
        if (place < sets.Count - 1)
        {
            sets[place] = sets[^1];
            if (_places is not null)
            {
                _places[sets[place].Set] = place;
            }
        }

        sets.RemoveAt(sets.Count - 1);
        _places = sets.Count == 0 ? null : _places;
    }

    private int PlaceOf(NameSet names)
    {
        if (_places is not null)
        {
            return _places.TryGetValue(names, out int place) ? place : -1;
        }

        for (int i = 0; i < NameSets.Length; i++)
        {
            if (ReferenceEquals(NameSets[i].Set, names))
            {
                return i;
            }
        }

        return -1;
    }

    [InlineArray(6)]
    private struct CountsByType
    {
        private int _first;
    }
}
