using System.Globalization;
using Exposition.Engine;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Exposition.Hosting.Health;

/// <summary>Whether an engine takes pushes and keeps them, and how near it is to being full.</summary>
internal sealed class EngineHealthCheck(MetricStore store, ICommitGate? gate) : IHealthCheck
{
    // From here on an operator has time to act, and pushes are not refused yet.
    private const double NearlyFull = 0.9;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        StoreOptions limits = store.Options;
        HealthCheckResult result = gate is { IsOpen: false } ? Failed(context, "what was kept is being loaded")
            : gate?.Fault is { } fault ? Failed(context, fault)
            : IsNear(store.GroupCount, limits.MaxGroups) ? Near("groups", store.GroupCount, limits.MaxGroups)
            : IsNear(store.StoredBytes, limits.MaxStoredBytes) ? Near("bytes stored", store.StoredBytes, limits.MaxStoredBytes)
            : HealthCheckResult.Healthy();
        return Task.FromResult(result);
    }

    private static HealthCheckResult Failed(HealthCheckContext context, string why) => new(context.Registration.FailureStatus, why);

    private static bool IsNear(long value, long limit) => limit > 0 && value >= limit * NearlyFull;

    private static HealthCheckResult Near(string what, long value, long limit) =>
        HealthCheckResult.Degraded(string.Create(CultureInfo.InvariantCulture, $"{value} {what} of at most {limit}"));
}
