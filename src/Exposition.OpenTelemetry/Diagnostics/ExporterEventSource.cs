using System.Diagnostics.Tracing;

namespace Exposition.OpenTelemetry.Diagnostics;

/// <summary>What the exporter logs, for the SDK's own diagnostics: they listen to sources of names that begin with
/// <c>OpenTelemetry-</c>.</summary>
[EventSource(Name = SourceName)]
internal sealed class ExporterEventSource : EventSource
{
    public const string SourceName = "OpenTelemetry-Exporter-Exposition";

    public static ExporterEventSource Log { get; } = new();

    [Event(1, Level = EventLevel.Informational, Message = "{0}")]
    public void Information(string message) => WriteEvent(1, message);

    [Event(2, Level = EventLevel.Warning, Message = "{0}")]
    public void Warning(string message) => WriteEvent(2, message);

    [Event(3, Level = EventLevel.Error, Message = "{0}")]
    public void Error(string message) => WriteEvent(3, message);
}
