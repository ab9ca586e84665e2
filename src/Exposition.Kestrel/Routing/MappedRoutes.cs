namespace Exposition.Kestrel.Routing;

/// <summary>Which routes of an engine the host has mapped, for the links of the page. Where is in <see cref="ServedPaths"/>.</summary>
internal sealed class MappedRoutes
{
    private volatile bool _pushes;
    private volatile bool _countsKestrelRefusals;
    private volatile string? _admin;

    /// <summary>Whether pushes and deletes are.</summary>
    public bool Pushes { get => _pushes; set => _pushes = value; }

    /// <summary>Whether what Kestrel refuses by itself is counted.</summary>
    public bool CountsKestrelRefusals { get => _countsKestrelRefusals; set => _countsKestrelRefusals = value; }

    /// <summary>What stands above <c>/api/v1/admin</c>; null where that is not mapped.</summary>
    public string? Admin { get => _admin; set => _admin = value; }
}
