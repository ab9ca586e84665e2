using System.Runtime.InteropServices;
using Exposition.Formats.Rows;

namespace Exposition.Formats.OpenMetrics;

/// <summary>An exemplar that was read and waits for its metric to be complete.</summary>
internal struct ExemplarRow
{
    /// <summary>The bucket that it belongs to; of no meaning for a counter.</summary>
    public int Point;

    /// <summary>First of its labels in <see cref="OpenMetricsTables.ExemplarLabels"/>.</summary>
    public int FirstLabel;
    public int LabelCount;
    public double Value;
    public UnixTime? Time;
}

// Everything is reused from exposition to exposition and belongs to one FamilySet. All hashes are KeyedHash.Text and the real bytes are
// compared, so nobody outside can make a search slow.

/// <summary>What the OpenMetrics reader needs beside the rows that it fills.</summary>
internal sealed class OpenMetricsTables(FamilySet set)
{
    private const int FewLabels = 16;

    public RowList<ExemplarRow> Exemplars;
    public RowList<LabelRow> ExemplarLabels;

    private HashSlots _names;
    private RowList<TextRef> _nameTexts;
    private HashSlots _labels;
    private int _labelsHashed;
    private HashSlots _marks;

    public void Clear()
    {
        _names.Clear();
        _nameTexts.Clear(1 << 20);
        _marks.Clear();
        _labels.Clear();
        _labelsHashed = 0;
        Exemplars.Clear(1 << 20);
        ExemplarLabels.Clear(1 << 20);
    }

    /// <summary>Takes a name for a family.</summary>
    /// <returns>False if it is taken already.</returns>
    public bool TryTakeName(TextRef name)
    {
        ReadOnlySpan<byte> text = set.Text(name);
        uint hash = KeyedHash.Text(text);
        int position = _names.Start(hash);
        while (_names.Next(hash, ref position, out int i))
        {
            if (set.Text(_nameTexts.Span[i]).SequenceEqual(text))
            {
                return false;
            }
        }

        _names.Add(hash, _nameTexts.Count);
        _nameTexts.Add(name);
        return true;
    }

    /// <summary>Whether a label set that grows label by label has a name already.</summary>
    public bool HasLabel(ReadOnlySpan<LabelRow> labels, ReadOnlySpan<byte> name)
    {
        if (labels.Length <= FewLabels)
        {
            foreach (ref readonly LabelRow label in labels)
            {
                if (set.Text(label.Name).SequenceEqual(name))
                {
                    return true;
                }
            }

            _labelsHashed = 0;
            return false;
        }

        if (_labelsHashed == 0)
        {
            _labels.Clear();
        }

        for (; _labelsHashed < labels.Length; _labelsHashed++)
        {
            _labels.Add(KeyedHash.Text(set.Text(labels[_labelsHashed].Name)), _labelsHashed);
        }

        uint hash = KeyedHash.Text(name);
        int position = _labels.Start(hash);
        while (_labels.Next(hash, ref position, out int i))
        {
            if (set.Text(labels[i].Name).SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Forgets the quantiles or states of the metric before.</summary>
    public void ClearMarks() => _marks.Clear();

    /// <summary>Remembers a quantile of the current metric.</summary>
    /// <param name="point">The row that it will have.</param>
    /// <param name="quantile">The quantile.</param>
    /// <returns>False if the metric has it already.</returns>
    public bool TryMarkQuantile(int point, double quantile)
    {
        // -0 and 0 are one quantile.
        double key = quantile + 0.0;
        uint hash = KeyedHash.Text(MemoryMarshal.AsBytes(new ReadOnlySpan<double>(in key)));
        int position = _marks.Start(hash);
        while (_marks.Next(hash, ref position, out int other))
        {
            if (set.Points[other].Bound == quantile)
            {
                return false;
            }
        }

        _marks.Add(hash, point);
        return true;
    }

    /// <summary>Remembers a state of the current stateset.</summary>
    /// <param name="label">Row of the label that names it.</param>
    /// <returns>False if the stateset has it already.</returns>
    public bool TryMarkState(int label)
    {
        ReadOnlySpan<byte> state = set.Text(set.Labels[label].Value);
        uint hash = KeyedHash.Text(state);
        int position = _marks.Start(hash);
        while (_marks.Next(hash, ref position, out int other))
        {
            if (set.Text(set.Labels[other].Value).SequenceEqual(state))
            {
                return false;
            }
        }

        _marks.Add(hash, label);
        return true;
    }
}
