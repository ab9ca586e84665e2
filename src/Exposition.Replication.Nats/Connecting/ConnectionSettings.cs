using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Exposition.Replication.Nats.Connecting;

/// <summary>How the client connects.</summary>
internal static class ConnectionSettings
{
    // A server that hangs is noticed by its missing answers to pings only; after the client's own two minutes pushes would have waited all
    // that time.
    private static readonly TimeSpan s_pingInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(2);

    public static NatsOpts For(NatsReplicationOptions options, ILoggerFactory loggers) => new()
    {
        Url = string.Join(',', options.Servers.Select(static server => server.OriginalString)),
        Name = options.Node,
        LoggerFactory = new QuietLoggers(loggers),
        PingInterval = s_pingInterval,
        MaxPingOut = 2,
        ConnectTimeout = s_connectTimeout,
        ReconnectWaitMin = s_firstPause,
        ReconnectWaitMax = s_longestPause,
        ReconnectJitter = s_firstPause,
        MaxReconnectRetry = -1,
        IgnoreAuthErrorAbort = true,
        RequestTimeout = options.RequestTimeout,
        CommandTimeout = options.RequestTimeout,
        PublishTimeoutOnDisconnected = true,
        SuppressSlowConsumerWarnings = true,
        AuthOpts = Credentials(options),
        TlsOpts = Tls(options),
    };

    // Files are read at each connection, so that what is renewed there needs no restart.
    private static NatsAuthOpts Credentials(NatsReplicationOptions options) => options switch
    {
        { CredentialsFile.Length: > 0 } => By(() => NatsAuthCred.FromCredsFile(options.CredentialsFile)),
        { NkeyFile.Length: > 0 } => By(() => NatsAuthCred.FromNkey(Seed(options.NkeyFile))),
        { UserName.Length: > 0 } => By(() => NatsAuthCred.FromUserInfo(options.UserName, Secret(options.PasswordFile))),
        { TokenFile.Length: > 0 } => By(() => NatsAuthCred.FromToken(Secret(options.TokenFile))),
        _ => NatsAuthOpts.Default,
    };

    private static NatsAuthOpts By(Func<NatsAuthCred> read) => new() { AuthCredCallback = (_, _) => ValueTask.FromResult(read()) };

    private static string Secret(string file)
    {
        string text = File.ReadAllText(file);
        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }

    // The client would ask for the public key beside it, which follows from the seed.
    private static string Seed(string file) =>
        Array.Find(File.ReadAllLines(file), static line => line.StartsWith("SU", StringComparison.Ordinal))?.Trim()
        ?? throw new InvalidDataException($"{file} has no line with the seed of a user's key; expected one that begins with SU");

    private static NatsTlsOpts Tls(NatsReplicationOptions options) => new()
    {
        Mode = options.RequireTls || options.CaFile.Length > 0 || options.CertificateFile.Length > 0
            || options.Servers.Any(static server => server.Scheme == "tls") ? TlsMode.Require : TlsMode.Auto,
        CaFile = OrNull(options.CaFile),
        CertFile = OrNull(options.CertificateFile),
        KeyFile = OrNull(options.KeyFile),
        InsecureSkipVerify = options.InsecureSkipVerify,
        ConfigureClientAuthentication = options.ServerName.Length == 0 ? null : authentication =>
        {
            authentication.TargetHost = options.ServerName;
            return ValueTask.CompletedTask;
        },
    };

    private static string? OrNull(string path) => path.Length == 0 ? null : path;
}
