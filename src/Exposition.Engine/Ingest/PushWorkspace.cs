using Exposition.Engine.Memory;
using Exposition.Formats;

namespace Exposition.Engine.Ingest;

/// <summary>The scratch memory that one push needs: the decoded families and the buffers to sort and render them.</summary>
/// <param name="isLarge">Whether it is for large bodies.</param>
/// <param name="reservesOverdue">Whether push_overdue is the store's.</param>
internal sealed class PushWorkspace(bool isLarge = false, bool reservesOverdue = false)
{
    /// <summary>Up to here a rough estimate of what a body becomes is good enough to make room.</summary>
    public const int SmallRendering = 1 << 20;

    public bool IsLarge => isLarge;

    public bool ReservesOverdue => reservesOverdue;

    public FamilySet Families { get; } = new();

    public BlockWriter Text { get; } = new();

    public BlockWriter Sidecar { get; } = new();

    public LabelMerge Labels { get; } = new();

    public SeriesOrder Series { get; } = new();

    public List<int> Order { get; } = [];

    /// <summary>What it holds, in bytes.</summary>
    public long Capacity => Text.Capacity + Sidecar.Capacity + Families.CapacityBytes;

    /// <summary>Makes it ready for the next push.</summary>
    public void Reset()
    {
        Families.Reset();
        Text.Clear();
        Sidecar.Clear();
        Order.Clear();
    }
}
