using Exposition.Formats;

namespace Exposition.Store.Internal;

// The reference's sanitation (sanitizeLabels): every grouping label is set on every metric, overwriting one of that name; a metric that
// then has no instance label gets an empty one; labels are sorted by name. Of two labels with one name (protobuf only) the first is
// overwritten and the second stays, so that the duplicate is found by the check that follows.

/// <summary>Merges the labels of a grouping key into the metrics of a push.</summary>
internal sealed class LabelMerge
{
    private readonly List<LabelRow> _fixed = [];
    private LabelRow[] _own = new LabelRow[16];
    private LabelRow[] _merged = new LabelRow[32];
    private LabelRow _emptyInstance;
    private bool _keyHasInstance;

    /// <summary>Merges into every metric of the set.</summary>
    public void Apply(GroupingKey key, FamilySet set)
    {
        Begin(key, set);
        int metrics = set.Metrics.Length;
        for (int metric = 0; metric < metrics; metric++)
        {
            Merge(set, metric);
        }
    }

    /// <summary>Merges into one metric.</summary>
    public void ApplyTo(GroupingKey key, FamilySet set, int metric)
    {
        Begin(key, set);
        Merge(set, metric);
    }

    private void Begin(GroupingKey key, FamilySet set)
    {
        _fixed.Clear();
        _keyHasInstance = false;
        foreach (GroupingLabel label in key.Labels)
        {
            _keyHasInstance |= label.Name.SequenceEqual("instance"u8);
            _fixed.Add(new LabelRow { Name = set.AddText(label.Name), Value = set.AddText(label.Value) });
        }

        _emptyInstance = new LabelRow { Name = set.AddText("instance"u8), Value = set.AddText([]) };
    }

    private void Merge(FamilySet set, int metric)
    {
        ReadOnlySpan<LabelRow> labels = set.LabelsOf(metric);
        if (_own.Length < labels.Length + 1)
        {
            _own = new LabelRow[labels.Length * 2];
        }

        if (_merged.Length < labels.Length + 1 + _fixed.Count)
        {
            _merged = new LabelRow[(labels.Length + _fixed.Count) * 2];
        }

        int own = 0;
        bool hasInstance = _keyHasInstance;
        bool sorted = true;
        ulong overwritten = 0;
        foreach (ref readonly LabelRow label in labels)
        {
            ReadOnlySpan<byte> name = set.Text(label.Name);
            int at = IndexOfFixed(set, name);
            if (at >= 0 && (at >= 64 || (overwritten & (1UL << at)) == 0))
            {
                overwritten |= at < 64 ? 1UL << at : 0;
                continue;
            }

            hasInstance |= name.SequenceEqual("instance"u8);
            sorted = sorted && (own == 0 || set.Text(_own[own - 1].Name).SequenceCompareTo(name) <= 0);
            _own[own++] = label;
        }

        if (!hasInstance)
        {
            sorted = sorted && (own == 0 || set.Text(_own[own - 1].Name).SequenceCompareTo("instance"u8) <= 0);
            _own[own++] = _emptyInstance;
        }

        if (!sorted)
        {
            Sort(set, _own.AsSpan(0, own));
        }

        set.SetLabels(metric, Zip(set, own));
    }

    private int IndexOfFixed(FamilySet set, ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < _fixed.Count; i++)
        {
            if (set.Text(_fixed[i].Name).SequenceEqual(name))
            {
                return i;
            }
        }

        return -1;
    }

    private static void Sort(FamilySet set, Span<LabelRow> rows)
    {
        if (rows.Length > 24)
        {
            rows.Sort((a, b) => set.Text(a.Name).SequenceCompareTo(set.Text(b.Name)));
            return;
        }

        for (int i = 1; i < rows.Length; i++)
        {
            LabelRow row = rows[i];
            ReadOnlySpan<byte> name = set.Text(row.Name);
            int at = i;
            for (; at > 0 && set.Text(rows[at - 1].Name).SequenceCompareTo(name) > 0; at--)
            {
                rows[at] = rows[at - 1];
            }

            rows[at] = row;
        }
    }

    private ReadOnlySpan<LabelRow> Zip(FamilySet set, int own)
    {
        int count = 0, fixedAt = 0, ownAt = 0;
        while (fixedAt < _fixed.Count && ownAt < own)
        {
            bool takeFixed = set.Text(_fixed[fixedAt].Name).SequenceCompareTo(set.Text(_own[ownAt].Name)) <= 0;
            _merged[count++] = takeFixed ? _fixed[fixedAt++] : _own[ownAt++];
        }

        while (fixedAt < _fixed.Count)
        {
            _merged[count++] = _fixed[fixedAt++];
        }

        while (ownAt < own)
        {
            _merged[count++] = _own[ownAt++];
        }

        return _merged.AsSpan(0, count);
    }
}
