namespace Exposition.Formats.Names;

/// <summary>Sorts a set's families by name, those of one name by position. A heap sort: in place, no allocation, no bad input.</summary>
internal static class NameOrder
{
    /// <summary>Marks, as <see cref="FamilyRow.FirstMetric"/>, a family that another of its name has replaced.</summary>
    public const int Dropped = -2;

    /// <summary>Fills <paramref name="order"/> with the indexes of all families of the set, sorted.</summary>
    public static void Sort(FamilySet set, Span<int> order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        for (int root = (order.Length / 2) - 1; root >= 0; root--)
        {
            SiftDown(set, order, root);
        }

        for (int end = order.Length - 1; end > 0; end--)
        {
            (order[0], order[end]) = (order[end], order[0]);
            SiftDown(set, order[..end], 0);
        }
    }

    private static void SiftDown(FamilySet set, Span<int> heap, int root)
    {
        int child;
        while ((child = (2 * root) + 1) < heap.Length)
        {
            if (child + 1 < heap.Length && Compare(set, heap[child], heap[child + 1]) < 0)
            {
                child++;
            }

            if (Compare(set, heap[root], heap[child]) >= 0)
            {
                return;
            }

            (heap[root], heap[child]) = (heap[child], heap[root]);
            root = child;
        }
    }

    private static int Compare(FamilySet set, int left, int right)
    {
        int order = set.Text(set.Families[left].Name).SequenceCompareTo(set.Text(set.Families[right].Name));
        return order != 0 ? order : left.CompareTo(right);
    }
}
