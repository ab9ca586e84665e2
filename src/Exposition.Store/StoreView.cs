namespace Exposition.Store;

/// <summary>All groups at one point in time. Holds what it shows until it is disposed of.</summary>
public sealed class StoreView : IDisposable
{
    /// <summary>The groups in order of their keys.</summary>
    public ReadOnlySpan<GroupSnapshot> Groups => throw new NotImplementedException();

    /// <summary>Lets go of the groups.</summary>
    public void Dispose() => throw new NotImplementedException();
}
