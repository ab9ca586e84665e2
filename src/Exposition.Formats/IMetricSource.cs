namespace Exposition.Formats;

/// <summary>
/// Where metrics come from that are not pushed as bytes: a host's own families, the meters of a process, what a job has to push. Safe for
/// concurrent use.
/// </summary>
/// <example>
/// <code>
/// private sealed class QueueSource(JobQueue queue) : IMetricSource
/// {
///     public void Collect(FamilySet into) => into.AddGauge("queue_length", "Jobs that wait.", queue.Count);
/// }
/// </code>
/// </example>
public interface IMetricSource
{
    /// <summary>
    /// Adds the families as they are now. Called at the start of each scrape or push, perhaps by several threads at once, each with a set
    /// of its own. Families that have no metric are best left out; names must not be added twice.
    /// </summary>
    /// <param name="into">Belongs to the caller, and may hold families of other sources: add to it, never reset it.</param>
    public void Collect(FamilySet into);
}
