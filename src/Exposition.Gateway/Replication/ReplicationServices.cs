using Exposition.Engine;
using Exposition.Formats;
using Exposition.Gateway.CommandLine;
using Exposition.Hosting;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel;
using Exposition.Kestrel.Outcomes;
using Exposition.Replication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Replication;

/// <summary>What a gateway needs that is one of several.</summary>
internal static class ReplicationServices
{
    /// <summary>
    /// Adds it. Ahead of what keeps the groups: who restores beside a log in use is to be told before anything is restored.
    /// </summary>
    public static void Add(IServiceCollection services, Flags flags)
    {
        services.AddSingleton(provider => new ReplicatedGroups(
            provider.GetRequiredService<MetricStore>(),
            EngineLog.Open(flags.Replication, provider.GetRequiredService<ILoggerFactory>()),
            flags,
            provider.GetRequiredService<ILoggerFactory>().CreateLogger("Exposition.Replication")));
        services.AddSingleton<IChangeTarget>(static provider => GroupsOf(provider));
        services.AddSingleton(static provider => new ReplicationRun(
            GroupsOf(provider), () => provider.GetService<ICommitGate>()));
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<ReplicationRun>());
        services.AddSingleton<IMetricSource>(static provider => new ReplicationMetrics(GroupsOf(provider)));
        services.AddSingleton<IConditionSource>(static provider => new ReplicationConditions(GroupsOf(provider)));
        services.AddSingleton<INodeSource>(static provider => new ReplicatedNodes(GroupsOf(provider)));
        services.AddSingleton<IStatusSource>(static provider => new ReplicationFacts(GroupsOf(provider)));
    }

    /// <summary>Names what is limited, if the gateway is one of several.</summary>
    public static void NameLimits(IServiceProvider services, ExpositionEngine engine)
    {
        if (services.GetService<ReplicatedGroups>()?.Replicator is { } replicator)
        {
            ReplicationOptions options = replicator.Options;
            engine.Metrics.Limits.Share(Limit.ReplicationAppends, () => options.MaxAppends, () => replicator.AppendsInFlight);
            engine.Metrics.Limits.Share(Limit.ReplicationBytes, () => options.MaxAppendBytes, () => replicator.AppendBytesInFlight);
        }
    }

    private static ReplicatedGroups GroupsOf(IServiceProvider provider) => provider.GetRequiredService<ReplicatedGroups>();
}
