using System.Runtime.CompilerServices;

namespace Exposition.Formats.Rows;

// Everything is reused from exposition to exposition and belongs to one FamilySet. All tables are keyed by KeyedHash.Text and compare the
// real bytes, so equal hashes cost time only, and nobody outside can provoke them.

/// <summary>Hash tables that the readers use while they fill a <see cref="FamilySet"/>.</summary>
internal sealed class FamilyIndex
{
    // Up to here comparing each pair of label names is quicker than hashing them.
    private const int FewLabels = 16;

    private HashSlots _families;
    private HashSlots _metrics;
    private HashSlots _labels;
    private RowList<OwnedMetric> _owned;

    public NameSet LabelNames { get; } = new();

    public void Clear()
    {
        _families.Clear();
        _metrics.Clear();
        _owned.Clear(1 << 20);
        LabelNames.Clear();
    }

    /// <summary>The family of a name that was added with <see cref="AddFamily"/>, or -1.</summary>
    public int FindFamily(FamilySet set, ReadOnlySpan<byte> name, out uint hash)
    {
        hash = KeyedHash.Text(name);
        int position = _families.Start(hash);
        while (_families.Next(hash, ref position, out int family))
        {
            if (set.Text(set.Families[family].Name).SequenceEqual(name))
            {
                return family;
            }
        }

        return -1;
    }

    /// <summary>Makes a family findable. Its name must not be there yet.</summary>
    public void AddFamily(int family, uint hash) => _families.Add(hash, family);

    /// <summary>The metric of a family that has the given labels in any order, or -1.</summary>
    public int FindMetric(FamilySet set, int family, ReadOnlySpan<LabelRow> labels, out uint hash)
    {
        hash = HashLabels(set, family, labels);
        int position = _metrics.Start(hash);
        while (_metrics.Next(hash, ref position, out int entry))
        {
            OwnedMetric owned = _owned.Span[entry];
            if (owned.Family == family && SameLabels(set, set.LabelsOf(owned.Metric), labels))
            {
                return owned.Metric;
            }
        }

        return -1;
    }

    /// <summary>Makes a metric findable by its labels.</summary>
    public void AddMetric(int family, int metric, uint hash)
    {
        _metrics.Add(hash, _owned.Count);
        _owned.Add(new OwnedMetric(family, metric));
    }

    /// <summary>Whether two label sets are equal, label for label and in the same order.</summary>
    public static bool SameLabelsInOrder(FamilySet set, ReadOnlySpan<LabelRow> left, ReadOnlySpan<LabelRow> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (int i = 0; i < left.Length; i++)
        {
            if (!SameLabel(set, left[i], right[i]))
            {
                return false;
            }
        }

        return true;
    }

    private bool SameLabels(FamilySet set, ReadOnlySpan<LabelRow> left, ReadOnlySpan<LabelRow> right)
    {
        if (left.Length != right.Length || SameLabelsInOrder(set, left, right))
        {
            return left.Length == right.Length;
        }

        bool many = left.Length > FewLabels;
        if (many)
        {
            _labels.Clear();
            for (int i = 0; i < left.Length; i++)
            {
                _labels.Add(KeyedHash.Text(set.Text(left[i].Name)), i);
            }
        }

        foreach (ref readonly LabelRow label in right)
        {
            if (!(many ? FindHashed(set, left, label) : FindAmongFew(set, left, label)))
            {
                return false;
            }
        }

        return true;
    }

    private bool FindHashed(FamilySet set, ReadOnlySpan<LabelRow> labels, in LabelRow wanted)
    {
        uint hash = KeyedHash.Text(set.Text(wanted.Name));
        int position = _labels.Start(hash);
        while (_labels.Next(hash, ref position, out int i))
        {
            if (SameLabel(set, labels[i], wanted))
            {
                return true;
            }
        }

        return false;
    }

    private static bool FindAmongFew(FamilySet set, ReadOnlySpan<LabelRow> labels, in LabelRow wanted)
    {
        foreach (ref readonly LabelRow label in labels)
        {
            if (SameLabel(set, label, wanted))
            {
                return true;
            }
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SameLabel(FamilySet set, in LabelRow left, in LabelRow right) =>
        left.Name.Length == right.Name.Length && left.Value.Length == right.Value.Length
        && set.Text(left.Value).SequenceEqual(set.Text(right.Value)) && set.Text(left.Name).SequenceEqual(set.Text(right.Name));

    // The order of labels does not matter: hashes of pairs are summed.
    private static uint HashLabels(FamilySet set, int family, ReadOnlySpan<LabelRow> labels)
    {
        ulong sum = 0;
        foreach (ref readonly LabelRow label in labels)
        {
            sum += KeyedHash.Mix(((ulong)KeyedHash.Text(set.Text(label.Name)) << 32) | KeyedHash.Text(set.Text(label.Value)));
        }

        return KeyedHash.Mix((sum << 24) ^ (uint)family);
    }

    private readonly record struct OwnedMetric(int Family, int Metric);
}
