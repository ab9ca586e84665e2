using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine;

/// <summary>Pushes of what is no body yet.</summary>
/// <example>
/// <code>
/// using var meters = new MeterSource("MyApp.*");
/// store.Push(GroupingKey.Create(("job", "nightly_backup")), meters).ThrowIfRefused();
/// </code>
/// </example>
public static class MetricStorePushing
{
    /// <summary>Collects the families of a source and pushes them: they are checked like a body that a client has sent.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The group.</param>
    /// <param name="source">Asked once, before anything else; what it throws is the caller's, and nothing has changed then.</param>
    /// <param name="mode">What becomes of the group's other families.</param>
    /// <param name="details">What else is said with it.</param>
    /// <returns>What became of it; a refusal says why in the Pushgateway's words.</returns>
    /// <exception cref="InvalidOperationException">The source has a family twice, or a metric that is not of its family's
    /// type.</exception>
    public static PushOutcome Push(
        this MetricStore store, GroupingKey key, IMetricSource source, PushMode mode = PushMode.Replace, PushDetails details = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(source);
        PushWorkspace workspace = store.State.Workspaces.Rent();
        try
        {
            workspace.Families.Reset();
            source.Collect(workspace.Families);
            workspace.Text.Restart();
            PushFormat format = SourceBody.Write(workspace.Families, workspace.Text);
            return store.Push(key, format, workspace.Text.WrittenMemory, mode, details);
        }
        finally
        {
            store.State.Workspaces.Return(workspace);
        }
    }
}
