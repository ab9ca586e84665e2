using System.Net;
using Exposition.Gateway.CommandLine;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Exposition.Gateway.Listening;

/// <summary>Something to listen on, as the flags ask for it.</summary>
/// <param name="Asked">As it was written.</param>
/// <param name="Open">Adds it to the server.</param>
internal sealed record Listener(string Asked, Action<KestrelServerOptions, Action<ListenOptions>> Open)
{
    private const string UnixPrefix = "unix:";

    /// <summary>All that the flags ask for.</summary>
    /// <exception cref="ListenException">An address is malformed or cannot be resolved, or there are no sockets of systemd.</exception>
    public static List<Listener> From(Flags flags) => flags.SystemdSocket
        ? [.. Systemd.Sockets()
            .Select(static handle => new Listener($"systemd:{handle}", (kestrel, configure) => kestrel.ListenHandle(handle, configure)))]
        : [.. flags.ListenAddresses.Select(Parse)];

    private static Listener Parse(string asked)
    {
        if (asked.StartsWith(UnixPrefix, StringComparison.Ordinal))
        {
            string path = asked[UnixPrefix.Length..];
            UnixSocket.Prepare(path);
            return new Listener(asked, (kestrel, configure) => kestrel.ListenUnixSocket(path, configure));
        }

        IPAddress? address = ListenAddress.Parse(asked, out int port);
        return new Listener(asked, (kestrel, configure) =>
        {
            if (address is null)
            {
                kestrel.ListenAnyIP(port, configure);
            }
            else
            {
                kestrel.Listen(address, port, configure);
            }
        });
    }
}
