using Exposition.Formats;

namespace Exposition.Engine.Ingest;

/// <summary>
/// The order of a family's metrics in an exposition: fewer labels first, then label values position by position, as the Pushgateway sorts.
/// Names break the remaining ties, so that equal label sets are neighbours and a duplicate is found in one pass.
/// </summary>
internal sealed class SeriesOrder : IComparer<int>
{
    private readonly List<int> _order = [];
    private FamilySet _set = null!;

    /// <summary>Sorts the metrics of a family; leaves the chain alone if it is in order.</summary>
    public void Sort(FamilySet set, int family)
    {
        _set = set;
        bool sorted = true;
        _order.Clear();
        for (int metric = set.Families[family].FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            sorted = sorted && (_order.Count == 0 || Compare(_order[^1], metric) <= 0);
            _order.Add(metric);
        }

        if (!sorted)
        {
            _order.Sort(this);
            set.SetMetrics(family, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_order));
        }
    }

    public int Compare(int x, int y)
    {
        int bySet = CompareLabels(_set, x, y);
        return bySet != 0 ? bySet : x.CompareTo(y);
    }

    /// <summary>Compares label sets of two expositions.</summary>
    public static int CompareLabels(FamilySet set, int x, FamilySet other, int y)
    {
        ReadOnlySpan<LabelRow> a = set.LabelsOf(x);
        ReadOnlySpan<LabelRow> b = other.LabelsOf(y);
        int order = a.Length - b.Length;
        for (int i = 0; i < a.Length && order == 0; i++)
        {
            order = set.Text(a[i].Value).SequenceCompareTo(other.Text(b[i].Value));
        }

        for (int i = 0; i < a.Length && order == 0; i++)
        {
            order = set.Text(a[i].Name).SequenceCompareTo(other.Text(b[i].Name));
        }

        return order;
    }

    /// <summary>Compares label sets only: 0 means the same series.</summary>
    public static int CompareLabels(FamilySet set, int x, int y)
    {
        ReadOnlySpan<LabelRow> a = set.LabelsOf(x);
        ReadOnlySpan<LabelRow> b = set.LabelsOf(y);
        if (a.Length != b.Length)
        {
            return a.Length - b.Length;
        }

        // Texts that are the same reference need no look: of labels just merged, most are.
        for (int i = 0; i < a.Length; i++)
        {
            int order = a[i].Value == b[i].Value ? 0 : set.Text(a[i].Value).SequenceCompareTo(set.Text(b[i].Value));
            if (order != 0)
            {
                return order;
            }
        }

        for (int i = 0; i < a.Length; i++)
        {
            int order = a[i].Name == b[i].Name ? 0 : set.Text(a[i].Name).SequenceCompareTo(set.Text(b[i].Name));
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}
