using Exposition.Hosting;
using Exposition.Hosting.Health;
using Exposition.Hosting.Naming;
using Exposition.Hosting.Starting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health of an engine to the host's checks.</summary>
/// <example>
/// <code>
/// builder.Services.AddHealthChecks().AddExposition(tags: ["ready"]);
/// app.MapHealthChecks("/ready");
/// </code>
/// </example>
public static class ExpositionHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check of one engine: unhealthy while what was kept is being loaded and when changes are not kept any more
    /// (<see cref="ICommitGate"/>), degraded from nine tenths of <c>MaxGroups</c> or <c>MaxStoredBytes</c> on.
    /// </summary>
    /// <param name="builder">The host's checks.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <param name="failureStatus">What counts as failed; unhealthy by default.</param>
    /// <param name="tags">Tags of the check, such as <c>ready</c>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">At the start of the host: there is no such
    /// engine.</exception>
    public static IHealthChecksBuilder AddExposition(
        this IHealthChecksBuilder builder, string name = "", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(name);
        string check = name.Length == 0 ? "exposition" : "exposition-" + name;
        StartChecks.Add(
            builder.Services, provider => new HealthCheckEngine(check, name, provider.GetService<IServiceProviderIsKeyedService>()));
        return builder.Add(new HealthCheckRegistration(
            check,
            provider => new EngineHealthCheck(
                provider.GetNamed<Exposition.Engine.MetricStore>(name)
                    ?? throw new InvalidOperationException(HealthCheckEngine.Missing(check, name)),
                provider.GetNamed<ICommitGate>(name)),
            failureStatus, tags));
    }
}
