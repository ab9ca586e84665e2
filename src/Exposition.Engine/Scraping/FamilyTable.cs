using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Scraping;

/// <summary>The families of a scrape by name, then in order of their names. Used again: in the steady state nothing is allocated.</summary>
internal sealed class FamilyTable<TFamily>
    where TFamily : ScrapedFamily<TFamily>, new()
{
    private const int SpareMost = 1024;

    private readonly Dictionary<ReadOnlyMemory<byte>, TFamily> _byName = new(MemoryComparer.Instance);
    private readonly List<TFamily> _families = [];
    private readonly List<TFamily> _asFound = [];
    private TFamily? _first;

    public ReadOnlySpan<TFamily> All => CollectionsMarshal.AsSpan(_families);

    /// <summary>Memory of their tables, in bytes, with those that wait to be used again.</summary>
    public long TableBytes
    {
        get
        {
            long bytes = 0;
            foreach (TFamily family in _asFound)
            {
                bytes += family.TableBytes;
            }

            return bytes;
        }
    }

    /// <summary>The family of a name, which what is given begins if there is none.</summary>
    public TFamily GetOrAdd(FamilyHead head)
    {
        ref TFamily? family = ref CollectionsMarshal.GetValueRefOrAddDefault(_byName, head.Name, out bool known);
        if (!known)
        {
            if (_families.Count == _asFound.Count)
            {
                _asFound.Add(new TFamily());
            }

            // Families are mostly found in the same order again, and get the arrays back that they have filled before.
            family = _asFound[_families.Count];
            family.Begin(head);
            _families.Add(family);
        }

        return family!;
    }

    /// <summary>
    /// The same for one of several that come in an order, behind another (null: the first). Neighbouring groups mostly hold the same
    /// families in the same order, so the one is tried that came next the last time.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFamily GetOrAddBehind(TFamily? last, FamilyHead head)
    {
        TFamily? guess = last is null ? _first : last.Successor;
        return guess is not null && guess.Head.IsNamed(head) ? guess : Follow(last, head);
    }

    /// <summary>After all are in: puts them in order of their names.</summary>
    public void Sort() => _families.Sort(static (a, b) => a.Head.Name.Span.SequenceCompareTo(b.Head.Name.Span));

    /// <summary>Keeps nothing alive but some tables.</summary>
    public void Clear()
    {
        foreach (TFamily family in _families)
        {
            family.Reset();
        }

        int kept = Math.Min(_asFound.Count, Math.Max(SpareMost, _families.Count));
        _asFound.RemoveRange(kept, _asFound.Count - kept);
        _families.Clear();
        _byName.Clear();
        _first = null;
    }

    private TFamily Follow(TFamily? last, FamilyHead head)
    {
        TFamily family = GetOrAdd(head);
        if (last is null)
        {
            _first = family;
        }
        else
        {
            last.Successor = family;
        }

        return family;
    }
}
