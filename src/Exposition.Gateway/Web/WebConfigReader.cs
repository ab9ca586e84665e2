using System.Net.Security;
using System.Security.Authentication;
using Exposition.Formats.Go;

namespace Exposition.Gateway.Web;

// The schema is the Pushgateway's, key by key, and so are the words of errors, with the line put before them where there is one.

/// <summary>Reads the file of <c>--web.config.file</c>.</summary>
internal static class WebConfigReader
{
    private static readonly Dictionary<string, string[]> s_headers = new(StringComparer.Ordinal)
    {
        ["Content-Security-Policy"] = [],
        ["Strict-Transport-Security"] = [],
        ["X-Content-Type-Options"] = ["nosniff"],
        ["X-Frame-Options"] = ["deny", "sameorigin"],
        ["X-XSS-Protection"] = [],
    };

    // What the Pushgateway's TLS library calls secure; the names are those of the registry, and so are .NET's.
    private static readonly HashSet<string> s_suites =
    [
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ];

    private static readonly string[] s_versions = ["TLS10", "TLS11", "TLS12", "TLS13"];

#pragma warning disable CA5397, CS0618, SYSLIB0039 // Old versions are there for those who ask for them.
    private static readonly SslProtocols[] s_protocols = [SslProtocols.Tls, SslProtocols.Tls11, SslProtocols.Tls12, SslProtocols.Tls13];
#pragma warning restore CA5397, CS0618, SYSLIB0039

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text of the file.</param>
    /// <param name="directory">What relative paths in it start from.</param>
    /// <exception cref="WebConfigException">It is wrong.</exception>
    public static WebConfig Read(string text, string directory)
    {
        YamlSection root = YamlSection.Parse(text, "web.Config");
        YamlSection tls = root.Section("tls_server_config", "web.TLSConfig");
        YamlSection http = root.Section("http_server_config", "web.HTTPConfig");
        YamlSection users = root.Section("basic_auth_users", "map[string]config.Secret");
        YamlSection rate = root.Section("rate_limit", "web.RateLimiterConfig");
        root.RefuseOthers();
        return new WebConfig(
            ReadTls(tls, directory), http.Bool("http2", missing: true), ReadHeaders(http), ReadUsers(users), ReadRate(rate));
    }

    private static TlsSettings? ReadTls(YamlSection tls, string directory)
    {
        PemSource certificate = ReadPem(tls, "cert", directory);
        PemSource key = ReadPem(tls, "key", directory);
        PemSource clientCa = ReadPem(tls, "client_ca", directory);
        string auth = tls.Text("client_auth_type");
        IReadOnlyList<string> sans = tls.List("client_allowed_sans");
        SslProtocols protocols = ReadVersions(tls);
        IReadOnlyList<string> suites = tls.List("cipher_suites");
        tls.Bool("prefer_server_cipher_suites", missing: true);
        IReadOnlyList<string> curves = tls.List("curve_preferences");
        tls.RefuseOthers();
        if (suites.FirstOrDefault(static name => !s_suites.Contains(name)) is { } unknown)
        {
            throw tls.Fault("cipher_suites", $"unknown cipher: {unknown}");
        }

        if (curves.FirstOrDefault(static name => name is not ("CurveP256" or "CurveP384" or "CurveP521" or "X25519")) is { } curve)
        {
            throw tls.Fault("curve_preferences", $"unknown curve: {curve}");
        }

        if (!certificate.IsGiven && !key.IsGiven && !clientCa.IsGiven && auth.Length == 0)
        {
            return null;
        }

        if (!certificate.IsGiven || !key.IsGiven)
        {
            throw tls.Fault(certificate.IsGiven ? "missing one of key or key_file" : "missing one of cert or cert_file");
        }

        ClientAuth clientAuth = ReadClientAuth(tls, auth);
        if (clientCa.IsGiven && clientAuth == ClientAuth.None)
        {
            throw tls.Fault("client CA's have been configured without a Client Auth Policy");
        }

        return new TlsSettings
        {
            Certificate = certificate,
            Key = key,
            ClientCa = clientCa,
            ClientAuth = clientAuth,
            AllowedSans = sans,
            Protocols = protocols,
            CipherSuites = [.. suites.Select(static name => Enum.Parse<TlsCipherSuite>(name))],
            Notices = [.. Notices(tls, curves, protocols)],
        };
    }

    private static PemSource ReadPem(YamlSection tls, string key, string directory)
    {
        string inline = tls.Text(key);
        string path = tls.Text(key + "_file");
        return inline.Length > 0 && path.Length > 0
            ? throw tls.Fault(key + "_file", $"{key} is given too, only one of them can be used")
            : new PemSource(inline, path.Length > 0 ? Path.GetFullPath(path, directory) : "", path);
    }

    private static ClientAuth ReadClientAuth(YamlSection tls, string name) => name switch
    {
        "" or "NoClientCert" => ClientAuth.None,
        "RequestClientCert" => ClientAuth.Request,
        "RequireAnyClientCert" or "RequireClientCert" => ClientAuth.Require,
        "VerifyClientCertIfGiven" => ClientAuth.VerifyIfGiven,
        "RequireAndVerifyClientCert" => ClientAuth.RequireAndVerify,
        _ => throw tls.Fault("client_auth_type", $"invalid ClientAuth: {name}"),
    };

    private static SslProtocols ReadVersions(YamlSection tls)
    {
        int from = Version("min_version", 2);
        int to = Version("max_version", 3);
        if (from > to)
        {
            throw tls.Fault("max_version", $"{s_versions[to]} is below min_version {s_versions[from]}");
        }

        return s_protocols[from..(to + 1)].Aggregate(static (all, one) => all | one);

        int Version(string key, int missing)
        {
            string name = tls.Text(key);
            int found = Array.IndexOf(s_versions, name);
            return name.Length == 0 ? missing : found >= 0 ? found : throw tls.Fault(key, $"unknown TLS version: {name}");
        }
    }

    private static IEnumerable<string> Notices(YamlSection tls, IReadOnlyList<string> curves, SslProtocols protocols)
    {
        if (curves.Count > 0)
        {
            yield return $"line {tls.LineOf("curve_preferences")}: curve_preferences has no effect: the system's TLS library chooses the "
                + "curves";
        }

        if ((protocols & (s_protocols[0] | s_protocols[1])) != 0)
        {
            yield return $"line {tls.LineOf("min_version")}: TLS 1.0 and 1.1 are offered only as far as the system's TLS library allows "
                + "them";
        }
    }

    private static Dictionary<string, string> ReadHeaders(YamlSection http)
    {
        YamlSection headers = http.Section("headers", "map[string]string");
        http.RefuseOthers();
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (YamlEntry entry in headers.Entries)
        {
            if (!s_headers.TryGetValue(entry.Key, out string[]? allowed))
            {
                throw new WebConfigException($"line {entry.Line}: HTTP header {GoQuote.Text(entry.Key)} can not be configured");
            }

            string value = headers.Text(entry.Key);
            if (allowed.Length > 0 && !allowed.Contains(value))
            {
                string known = string.Join(' ', allowed.Select(GoQuote.Text));
                throw new WebConfigException(
                    $"line {entry.Line}: invalid value for {entry.Key}. Expected one of: [{known}], but got: {GoQuote.Text(value)}");
            }

            if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                throw new WebConfigException(
                    $"line {entry.Line}: invalid value for {entry.Key}: only printable ASCII can be sent in a header");
            }

            read.Add(entry.Key, value);
        }

        return read;
    }

    private static Dictionary<string, string> ReadUsers(YamlSection users)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (YamlEntry entry in users.Entries)
        {
            string hash = users.Text(entry.Key);
            if (BcryptHash.Fault(hash) is { } fault)
            {
                throw new WebConfigException($"line {entry.Line}: basic_auth_users: {entry.Key}: {fault}");
            }

            read.Add(entry.Key, hash);
        }

        return read;
    }

    private static RateLimit? ReadRate(YamlSection rate)
    {
        string interval = rate.Text("interval");
        int burst = rate.Int("burst");
        rate.RefuseOthers();
        if (interval.Length == 0)
        {
            return null;
        }

        try
        {
            long nanoseconds = GoDuration.ParseNanoseconds(interval);
            return nanoseconds < 0 || burst < 0 ? throw rate.Fault(nanoseconds < 0 ? "interval" : "burst", "must not be negative")
                : nanoseconds == 0 ? null
                : new RateLimit(TimeSpan.FromTicks(Math.Max(1, nanoseconds / TimeSpan.NanosecondsPerTick)), burst);
        }
        catch (FormatException e)
        {
            throw rate.Fault("interval", e.Message);
        }
    }
}
