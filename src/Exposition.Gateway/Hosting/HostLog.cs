using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Machine;
using Exposition.Gateway.SelfMetrics;
using Exposition.Gateway.Web;
using Exposition.Kestrel;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

/// <summary>The log of the whole host.</summary>
internal static class HostLog
{
    /// <summary>Makes what all loggers come from: it says what is logged, and where.</summary>
    public static LoggerFactory Create(LineLoggerProvider logs, Flags flags)
    {
        LogLevel framework = flags.LogLevel > LogLevel.Warning ? flags.LogLevel : LogLevel.Warning;
        return new LoggerFactory([logs, new Handshakes()], new LoggerFilterOptions
        {
            MinLevel = flags.LogLevel,
            Rules =
            {
                new(typeof(Handshakes).FullName, Handshakes.Category, LogLevel.Debug, null),
                Of("Microsoft", framework), Of("System", framework),

                // The server warns of what strangers send, at any rate they like and with stacks. Below what ends it, we say ourselves what
                // there is to say.
                Of("Microsoft.AspNetCore", LogLevel.Critical),

                // What it has to say about a failed start, we say ourselves.
                Of("Microsoft.Extensions.Hosting", LogLevel.None),
            },
        });
    }

    /// <summary>The first lines.</summary>
    public static void Start(ILogger logger, Flags flags)
    {
        BuildIdentity build = BuildIdentity.Current;
        logger.Starting($"(version={build.Version}, branch={build.Branch}, revision={build.Revision})");
        logger.Build(
            $"(go={build.Runtime}, platform={build.Os}/{build.Architecture}, user={build.User}, date={build.Date}, tags={build.Tags})");
        ExpositionOptions options = flags.Options;
        logger.Budgets(ContainerMemory.Limit, options.MaxStoredBytes, options.MaxInflightBytes, options.MaxHeldBytes,
            options.ShapeCacheBytes, options.BundleCacheBytes);
        if (flags.UnusedInterval is { } given)
        {
            logger.IntervalUnused(given, FlagValue.Of(flags.CommitInterval));
        }

        logger.ExternalUrl(flags.ExternalUrl);
        logger.ExternalPrefix(flags.ExternalPrefix);
        logger.RoutePrefix(flags.Prefix);
    }

    private static LoggerFilterRule Of(string category, LogLevel level) => new(null, category, level, null);
}
