namespace Exposition.Hosting.Conditions;

/// <summary>
/// A part of an engine or of its host that can be in a bad way. A service of the host, keyed by the engine's name where it has one.
/// </summary>
internal interface IConditionSource
{
    /// <summary>Adds what holds now. Quick, as it is asked every few seconds; by one thread at a time, but by any.</summary>
    public void Look(ICollection<Condition> into);
}
