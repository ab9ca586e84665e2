using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Exposition.Gateway.Logging;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Listening;

// sd_listen_fds(3): LISTEN_PID is the process that is meant, LISTEN_FDS the number of sockets, from descriptor 3 on.
// sd_notify(3): a datagram to the socket that NOTIFY_SOCKET names; a leading @ stands for the abstract namespace.

/// <summary>What systemd passes on to us and wants to hear from us.</summary>
internal static class Systemd
{
    private const ulong FirstDescriptor = 3;

    /// <summary>The descriptors of the sockets that were passed to this process.</summary>
    /// <exception cref="ListenException">There are none.</exception>
    public static IReadOnlyList<ulong> Sockets()
    {
        bool ours = int.TryParse(Environment.GetEnvironmentVariable("LISTEN_PID"), NumberStyles.None, CultureInfo.InvariantCulture,
            out int process) && process == Environment.ProcessId;
        return ours && int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture,
            out int count) && count is > 0 and < 1024
            ? [.. Enumerable.Range(0, count).Select(static i => FirstDescriptor + (ulong)i)]
            : throw new ListenException("no socket activation file descriptors found");
    }

    /// <summary>Tells the service manager, if there is one, such as <c>READY=1</c>.</summary>
    public static void Notify(string state, ILogger logger)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 } path)
        {
            return;
        }

        if (path[0] is not ('/' or '@'))
        {
            logger.CannotNotify(path, "expected an absolute path, or @ and a name");
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.ASCII.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path));
        }
        catch (SocketException)
        {
            // A manager that does not listen does not want to know.
        }
        catch (ArgumentException e)
        {
            logger.CannotNotify(path, e.Message);
        }
    }
}
