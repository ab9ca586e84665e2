using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine.Ingest;

// The Pushgateway's sanitation (sanitizeLabels): every grouping label is set on every metric, overwriting one of that name; a metric that
// then has no instance label gets an empty one; labels are sorted by name. Of two labels with one name (protobuf only) the first is
// overwritten and the second stays, so that the duplicate is found by the check that follows.

/// <summary>Merges the labels of a grouping key into the metrics of a push.</summary>
internal sealed class LabelMerge
{
    // What merged labels are taken from: those of the key, an empty instance, then those of the metric at hand.
    private LabelRow[] _rows = new LabelRow[32];
    private int _keyCount;
    private bool _keyHasInstance;

    // How many labels the last metric had; -1 before the first.
    private int _ownCount;

    // The merged labels in their order, as indexes of rows.
    private int[] _plan = new int[32];
    private int _planned;
    private LabelRow[] _merged = new LabelRow[32];

    /// <summary>Merges into every metric of the set.</summary>
    public void Apply(GroupingKey key, FamilySet set)
    {
        Begin(key, set);
        int metrics = set.Metrics.Length;
        set.BeginNewLabels((int)Math.Min(set.Labels.Length + ((metrics + BuiltInFamilies.Count) * (long)FirstOwn), Array.MaxLength));
        for (int metric = 0; metric < metrics; metric++)
        {
            set.AddNewLabels(metric, Merge(set, metric));
        }

        set.EndNewLabels();
    }

    /// <summary>Merges into one metric.</summary>
    public void ApplyTo(GroupingKey key, FamilySet set, int metric)
    {
        Begin(key, set);
        set.SetLabels(metric, Merge(set, metric));
    }

    private int FirstOwn => _keyCount + 1;

    private void Begin(GroupingKey key, FamilySet set)
    {
        _keyCount = 0;
        _keyHasInstance = false;
        _ownCount = -1;
        foreach (GroupingLabel label in key.Labels)
        {
            Reserve(_keyCount + 2);
            _keyHasInstance |= label.Name.SequenceEqual("instance"u8);
            _rows[_keyCount++] = new LabelRow { Name = set.AddText(label.Name), Value = set.AddText(label.Value) };
        }

        Reserve(FirstOwn);
        _rows[_keyCount] = new LabelRow { Name = set.AddText("instance"u8), Value = set.AddText([]) };
    }

    private void Reserve(int rows)
    {
        if (_rows.Length < rows)
        {
            Array.Resize(ref _rows, rows * 2);
            _plan = new int[_rows.Length];
            _merged = new LabelRow[_rows.Length];
        }
    }

    // Valid until the next call.
    private ReadOnlySpan<LabelRow> Merge(FamilySet set, int metric)
    {
        ReadOnlySpan<LabelRow> labels = set.LabelsOf(metric);
        if (!HasPlannedNames(set, labels))
        {
            Plan(set, labels);
        }

        Span<LabelRow> merged = _merged.AsSpan(0, _planned);
        for (int i = 0; i < merged.Length; i++)
        {
            merged[i] = _rows[_plan[i]];
        }

        return merged;
    }

    // Whether the plan holds for this metric, too. Then its values are in the rows; else they are to be filled anew.
    private bool HasPlannedNames(FamilySet set, ReadOnlySpan<LabelRow> labels)
    {
        if (labels.Length != _ownCount)
        {
            return false;
        }

        Span<LabelRow> rows = _rows.AsSpan(FirstOwn, labels.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            ref LabelRow row = ref rows[i];
            ref readonly LabelRow label = ref labels[i];
            if (label.Name.Length != row.Name.Length || !set.Text(label.Name).SequenceEqual(set.Text(row.Name)))
            {
                return false;
            }

            if (label.Value.Length != row.Value.Length || !set.Text(label.Value).SequenceEqual(set.Text(row.Value)))
            {
                row.Value = label.Value;
            }
        }

        return true;
    }

    private void Plan(FamilySet set, ReadOnlySpan<LabelRow> labels)
    {
        Reserve(FirstOwn + labels.Length);
        _ownCount = labels.Length;
        labels.CopyTo(_rows.AsSpan(FirstOwn));

        // Behind the places of the key's labels, which are zipped in from the front.
        Span<int> own = _plan.AsSpan(_keyCount);
        int count = 0;
        bool hasInstance = _keyHasInstance;
        ulong overwritten = 0;
        for (int i = FirstOwn; i < FirstOwn + labels.Length; i++)
        {
            ReadOnlySpan<byte> name = set.Text(_rows[i].Name);
            int at = IndexInKey(set, name);
            if (at >= 0 && (at >= 64 || (overwritten & (1UL << at)) == 0))
            {
                overwritten |= at < 64 ? 1UL << at : 0;
                continue;
            }

            hasInstance |= name.SequenceEqual("instance"u8);
            own[count++] = i;
        }

        if (!hasInstance)
        {
            own[count++] = _keyCount;
        }

        Sort(set, own[..count]);
        Zip(set, own[..count]);
    }

    private int IndexInKey(FamilySet set, ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < _keyCount; i++)
        {
            if (set.Text(_rows[i].Name).SequenceEqual(name))
            {
                return i;
            }
        }

        return -1;
    }

    private void Sort(FamilySet set, Span<int> rows)
    {
        if (rows.Length > 24)
        {
            rows.Sort((a, b) => set.Text(_rows[a].Name).SequenceCompareTo(set.Text(_rows[b].Name)));
            return;
        }

        for (int i = 1; i < rows.Length; i++)
        {
            int row = rows[i];
            ReadOnlySpan<byte> name = set.Text(_rows[row].Name);
            int at = i;
            for (; at > 0 && set.Text(_rows[rows[at - 1]].Name).SequenceCompareTo(name) > 0; at--)
            {
                rows[at] = rows[at - 1];
            }

            rows[at] = row;
        }
    }

    // The key's labels are sorted.
    private void Zip(FamilySet set, ReadOnlySpan<int> own)
    {
        int count = 0, keyAt = 0, ownAt = 0;
        while (keyAt < _keyCount && ownAt < own.Length)
        {
            bool takeKey = set.Text(_rows[keyAt].Name).SequenceCompareTo(set.Text(_rows[own[ownAt]].Name)) <= 0;
            _plan[count++] = takeKey ? keyAt++ : own[ownAt++];
        }

        while (keyAt < _keyCount)
        {
            _plan[count++] = keyAt++;
        }

        while (ownAt < own.Length)
        {
            _plan[count++] = own[ownAt++];
        }

        _planned = count;
    }
}
