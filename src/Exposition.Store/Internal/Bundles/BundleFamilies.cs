using System.Runtime.InteropServices;

namespace Exposition.Store.Internal.Bundles;

/// <summary>Puts the runs of stretches together to families. Used again by later scrapes.</summary>
internal sealed class BundleFamilies
{
    private const int SpareMost = 1024;

    private readonly Dictionary<ReadOnlyMemory<byte>, BundleFamily> _byName = new(MemoryComparer.Instance);
    private readonly List<BundleFamily> _families = [];
    private readonly List<BundleFamily> _asFound = [];
    private BundleFamily? _first;

    public ReadOnlySpan<BundleFamily> All => CollectionsMarshal.AsSpan(_families);

    /// <summary>Memory of the tables, in bytes.</summary>
    public long TableBytes
    {
        get
        {
            long bytes = 0;
            foreach (BundleFamily family in _families)
            {
                bytes += family.TableBytes;
            }

            return bytes;
        }
    }

    /// <summary>Takes an entry of the host in; these come first.</summary>
    public void AddOwn(in FamilyEntry entry, int index) => GetOrAdd(entry.Head, index, entry.TextLength);

    /// <summary>Takes the next stretch in.</summary>
    public void Add(ReadOnlySpan<FamilyRun> runs, int stretch)
    {
        BundleFamily? last = null;
        for (int i = 0; i < runs.Length; i++)
        {
            ref readonly FamilyRun run = ref runs[i];
            BundleFamily? family = last is null ? _first : last.Successor;
            if (family is null || !family.Head.IsNamed(run.Head))
            {
                family = GetOrAdd(run.Head, BundleFamily.NoOwn, 0);
                if (last is null)
                {
                    _first = family;
                }
                else
                {
                    last.Successor = family;
                }
            }

            family.Add(run, new RunPlace(stretch, i));
            last = family;
        }
    }

    /// <summary>After all are in: puts them in order of their names.</summary>
    public void Sort() => _families.Sort(static (a, b) => a.Head.Name.Span.SequenceCompareTo(b.Head.Name.Span));

    /// <summary>Keeps nothing alive but some tables.</summary>
    public void Clear()
    {
        foreach (BundleFamily family in _families)
        {
            family.Reset();
        }

        int kept = Math.Min(_asFound.Count, Math.Max(SpareMost, _families.Count));
        _asFound.RemoveRange(kept, _asFound.Count - kept);
        _families.Clear();
        _byName.Clear();
        _first = null;
    }

    private BundleFamily GetOrAdd(FamilyHead head, int own, long ownBytes)
    {
        ref BundleFamily? family = ref CollectionsMarshal.GetValueRefOrAddDefault(_byName, head.Name, out bool known);
        if (!known)
        {
            if (_families.Count == _asFound.Count)
            {
                _asFound.Add(new BundleFamily());
            }

            // Families are mostly found in the same order again, and get the arrays back that they have filled before.
            family = _asFound[_families.Count];
            family.Begin(head, own, ownBytes);
            _families.Add(family);
        }

        return family!;
    }
}
