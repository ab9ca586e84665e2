using System.Runtime.InteropServices;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Scraping;

/// <summary>A family as a scrape puts it together, used again by later scrapes.</summary>
internal interface IScrapedFamily
{
    /// <summary>What the first entry says of it.</summary>
    public FamilyHead Head { get; }

    /// <summary>Memory of its table, in bytes.</summary>
    public long TableBytes { get; }

    /// <summary>Keeps nothing alive but its table.</summary>
    public void Reset();
}

/// <summary>The families of a scrape by name, then in order of their names. Used again: in the steady state nothing is allocated.</summary>
internal sealed class FamilyTable<T>
    where T : class, IScrapedFamily, new()
{
    private const int SpareMost = 1024;

    private readonly Dictionary<ReadOnlyMemory<byte>, T> _byName = new(MemoryComparer.Instance);
    private readonly List<T> _families = [];
    private readonly List<T> _asFound = [];

    public ReadOnlySpan<T> All => CollectionsMarshal.AsSpan(_families);

    /// <summary>Memory of their tables, in bytes, with those that wait to be used again.</summary>
    public long TableBytes
    {
        get
        {
            long bytes = 0;
            foreach (T family in _asFound)
            {
                bytes += family.TableBytes;
            }

            return bytes;
        }
    }

    /// <summary>The family of a name. The caller begins a new one.</summary>
    public T GetOrAdd(ReadOnlyMemory<byte> name, out bool isNew)
    {
        ref T? family = ref CollectionsMarshal.GetValueRefOrAddDefault(_byName, name, out bool known);
        isNew = !known;
        if (isNew)
        {
            if (_families.Count == _asFound.Count)
            {
                _asFound.Add(new T());
            }

            // Families are mostly found in the same order again, and get the arrays back that they have filled before.
            family = _asFound[_families.Count];
            _families.Add(family);
        }

        return family!;
    }

    /// <summary>After all are in: puts them in order of their names.</summary>
    public void Sort() => _families.Sort(static (a, b) => a.Head.Name.Span.SequenceCompareTo(b.Head.Name.Span));

    /// <summary>Keeps nothing alive but some tables.</summary>
    public void Clear()
    {
        foreach (T family in _families)
        {
            family.Reset();
        }

        int kept = Math.Min(_asFound.Count, Math.Max(SpareMost, _families.Count));
        _asFound.RemoveRange(kept, _asFound.Count - kept);
        _families.Clear();
        _byName.Clear();
    }
}
