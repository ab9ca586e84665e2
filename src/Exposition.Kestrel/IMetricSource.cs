using Exposition.Formats;

namespace Exposition.Kestrel;

/// <summary>Families that a host exposes beside the pushed ones, such as <c>process_*</c> and its build information.</summary>
public interface IMetricSource
{
    /// <summary>
    /// Adds the families as they are now. Called at the start of each scrape, perhaps by several threads at once, each with a set of its
    /// own. Families that have no metric are best left out; names must not be added twice.
    /// </summary>
    public void Collect(FamilySet into);
}
