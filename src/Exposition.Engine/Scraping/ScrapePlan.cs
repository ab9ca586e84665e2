using System.Runtime.CompilerServices;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Scraping;

// Made in steps, so that whoever makes it can give up its thread in between. Used again: in the steady state nothing is allocated.

/// <summary>
/// Turns a view (groups in key order, each with its families) around: families in name order, each with the groups that hold it.
/// </summary>
internal sealed class ScrapePlan
{
    private const int GroupsAtOnce = 64;
    private const int StepAhead = 8;
    private const int GroupsAhead = 3 * StepAhead;

    private readonly FamilyTable<ScrapeFamily> _families = new();
    private ReadOnlyMemory<FamilyEntry> _own;
    private StoreView? _view;
    private int _next;

    /// <summary>The families in order of their names, when all is planned.</summary>
    public ReadOnlySpan<ScrapeFamily> Families => _families.All;

    public long TableBytes => _families.TableBytes;

    /// <summary>Begins a plan of a view, which must stay open until the reset, and of the host's own families.</summary>
    public void Begin(StoreView view, ReadOnlyMemory<FamilyEntry> own)
    {
        (_view, _own, _next) = (view, own, 0);
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
        int end = Math.Min(_next + GroupsAtOnce, count);
        ReadOnlySpan<GroupSnapshot> groups = _view.FirstGroups(Math.Min(end + GroupsAhead, count));
        for (; _next < end; _next++)
        {
            LookAhead(groups, _next);
            AddGroup(groups[_next], _next);
        }

        if (end < count)
        {
            return true;
        }

        _families.Sort();
        return false;
    }

    /// <summary>The entry behind a piece.</summary>
    public ref readonly FamilyEntry EntryOf(in ScrapePiece piece) =>
        ref piece.Group == ScrapePiece.OwnGroup ? ref _own.Span[piece.Entry] : ref _view!.Groups[piece.Group].Families[piece.Entry];

    /// <summary>Lets go of the view and of everything in it.</summary>
    public void Reset()
    {
        _families.Clear();
        (_view, _own) = (null, default);
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
