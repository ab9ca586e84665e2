using Exposition.Kestrel;

namespace Exposition.Testing;

/// <summary>How a <see cref="TestGateway"/> is. Read once, when it is started.</summary>
public sealed class TestGatewayOptions
{
    /// <summary>
    /// The clock of the gateway: push times, expiry, timeouts. That of the system by default; a fake one moves expiry along.
    /// </summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Sets the options of the engine, such as limits and expiry.</summary>
    public Action<ExpositionOptions>? ConfigureEngine { get; set; }

    /// <summary>How many pushes are recorded; of more the first are forgotten. 10,000 by default.</summary>
    public int MaxRecordedPushes { get; set; } = 10_000;
}
