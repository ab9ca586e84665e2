namespace Exposition.Engine.Groups;

/// <summary>
/// The newest snapshot of a group, pinned: it stays what it is, and nobody puts another in its place that is the same object.
/// </summary>
internal readonly ref struct PinnedGroup
{
    private readonly GroupSlot? _pinned;

    public PinnedGroup(GroupSlot? slot)
    {
        _pinned = slot;
        slot?.Pin();
        if (slot?.Current is { IsEnd: false } newest)
        {
            (Slot, Newest) = (slot, newest);
        }
    }

    public GroupSlot? Slot { get; }

    public GroupSnapshot? Newest { get; }

    public bool Has(ReadOnlySpan<byte> family) => Newest is not null && Newest.TryGet(family, out _);

    public void Dispose() => _pinned?.Unpin();
}
