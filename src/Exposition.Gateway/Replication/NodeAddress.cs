using System.Globalization;
using System.Net;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Listening;

namespace Exposition.Gateway.Replication;

/// <summary>Where a gateway is reached by itself, as far as its flags say it.</summary>
internal static class NodeAddress
{
    /// <summary>Host and port; empty where nobody can know it: at a Unix socket, or at a port that is chosen at the start.</summary>
    public static string Of(Flags flags)
    {
        string given = flags.Replication.Options.Address;
        string listen = flags.ListenAddresses[0];
        return given.Length > 0 || flags.SystemdSocket || listen.StartsWith("unix:", StringComparison.Ordinal) ? given : Of(listen);
    }

    private static string Of(string listen)
    {
        try
        {
            IPAddress? host = ListenAddress.Parse(listen, out int port);
            bool isAny = host is null || host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any);
            return port == 0 ? "" : isAny ? string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}:{port}")
                : new IPEndPoint(host!, port).ToString();
        }
        catch (ListenException)
        {
            // Who is to listen there will say so.
            return "";
        }
    }
}
