namespace Exposition.Engine.Publishing;

/// <summary>Opens views of all groups, after what is due has expired.</summary>
internal sealed class Views(StoreState state, Sweep sweep)
{
    /// <summary>Lets expire what is due, as every view does first.</summary>
    public void Expire() => sweep.ExpireDue();

    /// <inheritdoc cref="MetricStore.OpenView"/>
    public StoreView Open()
    {
        Expire();
        return state.Groups.Open(state);
    }

    /// <summary>Opens one for somebody who takes his time: what is held for it is counted (<see cref="MetricStore.HeldBytes"/>).</summary>
    public StoreView OpenHeld(out long heldMark)
    {
        heldMark = state.Held.Open();
        try
        {
            return Open();
        }
        finally
        {
            state.Held.Opened();
        }
    }

    /// <summary>Closes what <see cref="OpenHeld"/> has opened.</summary>
    public void CloseHeld(StoreView view, long heldMark)
    {
        view.Dispose();
        state.Held.Close(heldMark);
    }
}
