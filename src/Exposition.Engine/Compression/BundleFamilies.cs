using Exposition.Engine.Groups;
using Exposition.Engine.Scraping;

namespace Exposition.Engine.Compression;

/// <summary>Puts the runs of stretches together to families. Used again by later scrapes.</summary>
internal sealed class BundleFamilies
{
    private readonly FamilyTable<BundleFamily> _families = new();
    private BundleFamily? _first;

    public ReadOnlySpan<BundleFamily> All => _families.All;

    /// <summary>Memory of the tables, in bytes.</summary>
    public long TableBytes => _families.TableBytes;

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
    public void Sort() => _families.Sort();

    /// <summary>Keeps nothing alive but some tables.</summary>
    public void Clear()
    {
        _families.Clear();
        _first = null;
    }

    private BundleFamily GetOrAdd(FamilyHead head, int own, long ownBytes)
    {
        BundleFamily family = _families.GetOrAdd(head.Name, out bool isNew);
        if (isNew)
        {
            family.Begin(head, own, ownBytes);
        }

        return family;
    }
}
