using System.Text;

namespace Exposition.Kestrel.Routing;

/// <summary>The paths of an engine's routes as they stand in a request target, decoded.</summary>
internal sealed class ServedPaths
{
    /// <summary>The paths below one that the host has mapped them below.</summary>
    /// <param name="options">Where they are below that.</param>
    /// <param name="above">That path; empty for none, null while it is not known.</param>
    public ServedPaths(ExpositionOptions options, string? above)
    {
        Above = above;
        Prefix = above + options.RoutePrefix;
        TelemetryPath = above + options.FullTelemetryPath;
        Root = Encoding.UTF8.GetBytes(PushRoot);
        Telemetry = Encoding.UTF8.GetBytes(TelemetryPath);
        SelfMetrics = options.FullSelfMetricsPath is { } self ? Encoding.UTF8.GetBytes(above + self) : [];
    }

    /// <summary>What the host has mapped them below: empty for nothing, null while it is not known.</summary>
    public string? Above { get; }

    /// <summary>What stands before every path.</summary>
    public string Prefix { get; }

    /// <summary>The path of scrapes.</summary>
    public string TelemetryPath { get; }

    /// <summary>What the paths of groups begin with.</summary>
    public string PushRoot => Prefix + "/metrics/job";

    /// <inheritdoc cref="PushRoot"/>
    public byte[] Root { get; }

    /// <inheritdoc cref="TelemetryPath"/>
    public byte[] Telemetry { get; }

    /// <summary>The path of the own families; empty where they are with the others.</summary>
    public byte[] SelfMetrics { get; }
}
