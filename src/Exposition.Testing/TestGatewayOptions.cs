using Exposition.Kestrel;

namespace Exposition.Testing;

/// <summary>How a <see cref="TestGateway"/> is. Read once, when it is started.</summary>
/// <example>
/// <code>
/// await using TestGateway gateway = await TestGateway.StartAsync(options => options.ConfigureEngine = engine => engine.MaxGroups = 1);
/// </code>
/// </example>
public sealed class TestGatewayOptions
{
    /// <summary>
    /// The clock of the gateway: push times, expiry, timeouts. Default: that of the system; a fake one moves expiry along.
    /// </summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Sets the options of the engine, such as limits and expiry. Default: null, which leaves theirs.</summary>
    public Action<ExpositionOptions>? ConfigureEngine { get; set; }

    /// <summary>
    /// How many pushes are recorded; of more the first are forgotten. Default: 10,000. Of 0 and less the last one is recorded.
    /// </summary>
    public int MaxRecordedPushes { get; set; } = 10_000;
}
