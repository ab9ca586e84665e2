using System.Runtime.CompilerServices;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Engine.Overdue;

namespace Exposition.Engine.Scraping;

// Made in steps, so that whoever makes it can give up its thread in between. Used again: in the steady state nothing is allocated.

/// <summary>
/// Turns a view (groups in key order, each with its families) around: families in name order, each with the groups that hold it.
/// </summary>
internal sealed class ScrapePlan
{
    private const int GroupsAtOnce = 64;

    // Where each is compared with selectors.
    private const int SelectedAtOnce = 8;
    private const int StepAhead = 8;
    private const int GroupsAhead = 3 * StepAhead;

    private readonly FamilyTable<ScrapeFamily> _families = new();
    private ReadOnlyMemory<FamilyEntry> _own;
    private StoreView? _view;
    private GroupSelection? _selection;
    private OverdueScan? _overdue;
    private FamilyEntry _missing;
    private int _next;

    /// <summary>The families in order of their names, when all is planned.</summary>
    public ReadOnlySpan<ScrapeFamily> Families => _families.All;

    public long TableBytes => _families.TableBytes;

    /// <summary>Begins a plan of a view, which must stay open until the reset, and of the host's own families.</summary>
    /// <param name="view">The view.</param>
    /// <param name="own">The host's own families.</param>
    /// <param name="selection">Which groups are in it; null for all.</param>
    public void Begin(StoreView view, ReadOnlyMemory<FamilyEntry> own, GroupSelection? selection = null)
    {
        (_view, _own, _next, _selection, _overdue) = (view, own, 0, selection, view.Overdue);
        for (int i = 0; i < own.Length; i++)
        {
            ref readonly FamilyEntry entry = ref own.Span[i];
            _families.GetOrAdd(entry.Head).AddOwn(entry, i);
        }
    }

    /// <summary>Plans some groups more.</summary>
    /// <returns>False when all is planned.</returns>
    public bool Continue()
    {
        int count = _view!.Count;
        int end = Math.Min(_next + (_selection is { Selectors.Count: > 0 } ? SelectedAtOnce : GroupsAtOnce), count);
        ReadOnlySpan<GroupSnapshot> groups = _view.FirstGroups(Math.Min(end + GroupsAhead, count));
        for (; _next < end; _next++)
        {
            LookAhead(groups, _next);
            if (_selection is not null || _overdue is not null)
            {
                AddOrLeaveOut(groups[_next], _next);
            }
            else
            {
                AddGroup(groups[_next], _next);
            }
        }

        if (end < count)
        {
            return true;
        }

        if (_overdue is not null && _overdue.TryGetMissing(_selection, out _missing))
        {
            _families.GetOrAdd(BuiltInFamilies.OverdueHead).AddOwnFirst(_missing, ScrapePiece.OverdueEntry);
        }

        _families.Sort();
        return false;
    }

    /// <summary>The entry behind a piece.</summary>
    public ref readonly FamilyEntry EntryOf(in ScrapePiece piece) =>
        ref piece.Entry == ScrapePiece.OverdueEntry ? ref OverdueOf(piece)
            : ref piece.Group == ScrapePiece.OwnGroup ? ref _own.Span[piece.Entry]
            : ref _view!.Groups[piece.Group].Families[piece.Entry];

    /// <summary>Lets go of the view and of everything in it.</summary>
    public void Reset()
    {
        _families.Clear();
        (_view, _own) = (null, default);
        (_selection, _overdue, _missing) = (null, null, default);
    }

    private ref readonly FamilyEntry OverdueOf(in ScrapePiece piece) =>
        ref piece.Group == ScrapePiece.OwnGroup ? ref _missing : ref _overdue!.EntryOf(_view!.Groups[piece.Group]);

    private void AddOrLeaveOut(GroupSnapshot group, int index)
    {
        bool isIn = _selection is null || _selection.Contains(group.Slot);
        if (isIn)
        {
            AddGroup(group, index);
        }

        // Also of those that are left out: those that are missing are missing from all.
        if (_overdue is not null && _overdue.Look(group) != Standing.None && isIn)
        {
            _families.GetOrAdd(BuiltInFamilies.OverdueHead).Add(_overdue.EntryOf(group), index, ScrapePiece.OverdueEntry);
        }
    }

    // Three steps, as each finds in the cache what it reads to say what is needed next: the snapshot, the table, and the whole of the
    // table.
    private static void LookAhead(ReadOnlySpan<GroupSnapshot> groups, int at)
    {
        const int MostLines = 32;
        if (at + GroupsAhead < groups.Length)
        {
            Prefetch.Snapshot(groups[at + GroupsAhead]);
            Prefetch.Object(groups[at + (2 * StepAhead)].FamilyArray);
            Prefetch.Span(groups[at + StepAhead].Families, MostLines);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddGroup(GroupSnapshot group, int index)
    {
        ReadOnlySpan<FamilyEntry> entries = group.Families;
        ScrapeFamily? last = null;
        for (int i = 0; i < entries.Length; i++)
        {
            ref readonly FamilyEntry entry = ref entries[i];
            if (entry.IsExposed)
            {
                last = _families.GetOrAddBehind(last, entry.Head);
                last.Add(entry, index, i);
            }
        }
    }
}
