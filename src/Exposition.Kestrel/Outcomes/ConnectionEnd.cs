namespace Exposition.Kestrel.Outcomes;

/// <summary>How a connection has ended, as <c>pushgateway_connections_total</c> tells it. The names are those of the metric.</summary>
internal enum ConnectionEnd : byte
{
    /// <summary>By the client, or in order after an answer.</summary>
    Closed,

    /// <summary>It broke, or something failed.</summary>
    Error,

    /// <summary>It was silent for too long between requests.</summary>
    Idle,

    /// <summary>It was ended or refused for others: there were too many.</summary>
    Limit,

    /// <summary>The server was stopped.</summary>
    Shutdown,
}
