using Exposition.Engine;
using Exposition.Hosting.Starting;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Hosting.Health;

/// <summary>Whether there is the engine that a health check asks. The framework would find out at the first request.</summary>
/// <param name="check">The name of the check.</param>
/// <param name="engine">That of the engine.</param>
/// <param name="services">Null where they cannot be asked.</param>
internal sealed class HealthCheckEngine(string check, string engine, IServiceProviderIsKeyedService? services) : IStartCheck
{
    /// <summary>What is to be said where there is none.</summary>
    public static string Missing(string check, string engine) => engine.Length == 0
        ? $"health check {check}: the services have no exposition engine without a name: call services.AddExposition()"
        : $"health check {check}: the services have no exposition engine of the name {engine}: call services.AddExposition(\"{engine}\")";

    public IEnumerable<string> Faults() => services is null || Has(services) ? [] : [Missing(check, engine)];

    private bool Has(IServiceProviderIsKeyedService asked) =>
        engine.Length == 0 ? asked.IsService(typeof(MetricStore)) : asked.IsKeyedService(typeof(MetricStore), engine);
}
