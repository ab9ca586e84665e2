using System.Net;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Listening;
using Exposition.Gateway.Web;

namespace Exposition.Gateway.Health;

/// <summary>Where a gateway is asked whether it is healthy, and how.</summary>
/// <param name="Url">What is asked for.</param>
internal sealed record HealthTarget(Uri Url)
{
    private const string UnixPrefix = "unix:";

    /// <summary>The Unix socket to ask at; null for the host of the URL.</summary>
    public string? Socket { get; init; }

    /// <summary>The name to ask under; null for the host of the URL.</summary>
    public string? Host { get; init; }

    /// <summary>
    /// Whether any certificate will do. Inside of one machine nobody stands between, nothing secret is sent, and a certificate that has
    /// expired is not mended by a restart.
    /// </summary>
    public bool TakesAnyCertificate { get; init; }

    /// <summary>Answers beside 200 that only who lives can give: what the web configuration asks for comes before the question.</summary>
    public IReadOnlyList<HttpStatusCode> SignsOfLife { get; init; } = [];

    /// <summary>The target as messages show it: without a password.</summary>
    public string Shown => Socket is null
        ? Url.GetComponents(UriComponents.SchemeAndServer | UriComponents.PathAndQuery, UriFormat.UriEscaped)
        : $"{UnixPrefix}{Socket} {Url.PathAndQuery}";

    /// <summary>The URL that is given, or the gateway of this machine that listens as the flags say.</summary>
    /// <exception cref="ListenException">The flags do not say where it listens.</exception>
    /// <exception cref="WebConfigException">The web configuration cannot be read, or lets nobody ask.</exception>
    public static HealthTarget From(Flags flags)
    {
        if (flags.CheckHealthUrl is { } given)
        {
            return new HealthTarget(given) { TakesAnyCertificate = given.IsLoopback };
        }

        if (flags.SystemdSocket)
        {
            throw new ListenException("only systemd knows the address of --web.systemd-socket: give --check-health=URL");
        }

        WebConfig? web = flags.WebConfigFile.Length > 0 ? WebConfigFile.ReadOnce(flags.WebConfigFile) : null;
        if (web?.Tls?.ClientAuth is ClientAuth.Require or ClientAuth.RequireAndVerify)
        {
            throw new WebConfigException(
                $"{flags.WebConfigFile} requires client certificates, and this check has none: let a TCP check look at the port");
        }

        string listen = flags.ListenAddresses[0];
        string? socket = listen.StartsWith(UnixPrefix, StringComparison.Ordinal) ? listen[UnixPrefix.Length..] : null;
        string path = string.Join('/', flags.Prefix.Split('/').Select(Uri.EscapeDataString)) + "/-/healthy";
        string host = socket is null ? Address(listen) : "localhost";
        return new HealthTarget(new Uri((web?.Tls is null ? "http://" : "https://") + host + path))
        {
            Socket = socket,
            Host = flags.Options.AllowedHosts.FirstOrDefault()?.Replace("*", "health", StringComparison.Ordinal),
            TakesAnyCertificate = true,
            SignsOfLife =
            [
                .. web?.Users.Count > 0 ? [HttpStatusCode.Unauthorized] : (HttpStatusCode[])[],
                .. web?.RateLimit is null ? (HttpStatusCode[])[] : [HttpStatusCode.TooManyRequests],
            ],
        };
    }

    // Who listens on all addresses listens on the loopback, too.
    private static string Address(string listen)
    {
        IPAddress address = ListenAddress.Parse(listen, out int port) ?? IPAddress.Loopback;
        if (port == 0)
        {
            throw new ListenException($"the port of --web.listen-address={listen} is another one at each start: give --check-health=URL");
        }

        return new IPEndPoint(
            address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address,
            port).ToString();
    }
}
