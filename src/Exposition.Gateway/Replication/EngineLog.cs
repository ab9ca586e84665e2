using System.Runtime.CompilerServices;
using Exposition.Gateway.CommandLine;
using Exposition.Replication;
using Exposition.Replication.Nats;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Replication;

/// <summary>The log at the engine. The only type that knows which engine that is: without its flags nothing of it is loaded.</summary>
internal static class EngineLog
{
    /// <summary>The log that the flags name; nothing is connected yet.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IGroupLog Open(ReplicationFlags flags, ILoggerFactory loggers)
    {
        var options = new NatsReplicationOptions { Stream = flags.Stream, Replicas = flags.Replicas };
        flags.Urls.ForEach(options.Servers.Add);
        if (flags.ConfigFile.Length > 0)
        {
            EngineConfigFile.Read(flags.ConfigFile, options);
        }

        return new NatsGroupLog(options, loggers);
    }
}
