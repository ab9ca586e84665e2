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

/// <summary>What the OpenMetrics reader needs beside the rows that it fills.</summary>
internal sealed class OpenMetricsTables(FamilySet set)
{
    public RowList<ExemplarRow> Exemplars;
    public RowList<LabelRow> ExemplarLabels;

    // The quantiles of the point at hand.
    private HashSlots _quantiles;

    /// <summary>The names of the samples of all families.</summary>
    public NameSet Names { get; } = new();

    /// <summary>The states of the stateset at hand.</summary>
    public NameSet States { get; } = new();

    public void Clear()
    {
        Names.Clear();
        States.Clear();
        _quantiles.Clear();
        Exemplars.Clear(1 << 20);
        ExemplarLabels.Clear(1 << 20);
    }

    /// <summary>Forgets quantiles and states.</summary>
    public void BeginPoint()
    {
        _quantiles.Clear();
        States.Restart();
    }

    /// <summary>Takes in a quantile, which has a row.</summary>
    /// <returns>False if the metric has it already.</returns>
    public bool TryAddQuantile(int point, double quantile)
    {
        // -0 and 0 are one quantile.
        double key = quantile + 0.0;
        uint hash = KeyedHash.Text(MemoryMarshal.AsBytes(new ReadOnlySpan<double>(in key)));
        int position = _quantiles.Start(hash);
        while (_quantiles.Next(hash, ref position, out int other))
        {
            if (set.Points[other].Bound == quantile)
            {
                return false;
            }
        }

        _quantiles.Add(hash, point);
        return true;
    }
}
