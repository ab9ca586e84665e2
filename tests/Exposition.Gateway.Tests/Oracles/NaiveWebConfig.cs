using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using Exposition.Gateway.Web;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Exposition.Gateway.Tests;

/// <summary>
/// The web configuration once more, the slow way: YamlDotNet makes plain dictionaries of the text, and they are looked through key by key.
/// What a configuration means is told as flat lines, so that the two readings can be compared.
/// </summary>
internal static partial class NaiveWebConfig
{
    private static readonly Dictionary<string, string[]> s_keys = new()
    {
        [""] = ["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"],
        ["tls_server_config"] =
        [
            "cert", "key", "client_ca", "cert_file", "key_file", "client_ca_file", "client_auth_type", "client_allowed_sans", "min_version",
                "max_version", "cipher_suites",
            "prefer_server_cipher_suites", "curve_preferences",
        ],
        ["http_server_config"] = ["http2", "headers"],
        ["headers"] = [
            "Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "X-XSS-Protection", "Strict-Transport-Security"],
        ["rate_limit"] = ["interval", "burst"],
    };

    private static readonly string[] s_auth = [
        "NoClientCert", "RequestClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"];
    private static readonly string[] s_versions = ["TLS10", "TLS11", "TLS12", "TLS13"];
    private static readonly string[] s_curves = ["CurveP256", "CurveP384", "CurveP521", "X25519"];

    /// <summary>Reads a text; null if it is not in order.</summary>
    public static SortedDictionary<string, string>? Read(string text)
    {
        object? root;
        try
        {
            root = new DeserializerBuilder().WithDuplicateKeyChecking().Build().Deserialize<object>(text);
        }
        catch (Exception e) when (
            e is YamlException or InvalidOperationException or ArgumentException or ArithmeticException or FormatException)
        {
            return null;
        }

        try
        {
            return root is "" ? null : Check(Map(root, ""));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>What our reader has made of it, in the same words.</summary>
    public static SortedDictionary<string, string> Tell(WebConfig config)
    {
        var told = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["http2"] = config.Http2.ToString() };
        if (config.Tls is { } tls)
        {
            told["cert"] = tls.Certificate.Inline + tls.Certificate.Shown;
            told["key"] = tls.Key.Inline + tls.Key.Shown;
            told["ca"] = tls.ClientCa.Inline + tls.ClientCa.Shown;
            told["auth"] = ((int)tls.ClientAuth).ToString(CultureInfo.InvariantCulture);
            told["sans"] = string.Join('|', tls.AllowedSans);
            told["suites"] = string.Join('|', tls.CipherSuites);
#pragma warning disable CA5397, CS0618, SYSLIB0039
            told["versions"] = string.Concat(((SslProtocols[])[SslProtocols.Tls, SslProtocols.Tls11, SslProtocols.Tls12,
                SslProtocols.Tls13]).Select((one, i) => (tls.Protocols & one) != 0 ? s_versions[i] : ""));
#pragma warning restore CA5397, CS0618, SYSLIB0039
        }

        foreach ((string name, string value) in config.Headers)
        {
            told["header " + name] = value;
        }

        foreach ((string user, string hash) in config.Users)
        {
            told["user " + user] = hash;
        }

        if (config.RateLimit is { } rate)
        {
            told["rate"] = $"{rate.Interval.Ticks} {rate.Burst}";
        }

        return told;
    }

    private static SortedDictionary<string, string> Check(Dictionary<string, object?> root)
    {
        Dictionary<string, object?> tls = Map(root.GetValueOrDefault("tls_server_config"), "tls_server_config");
        Dictionary<string, object?> http = Map(root.GetValueOrDefault("http_server_config"), "http_server_config");
        Dictionary<string, object?> rate = Map(root.GetValueOrDefault("rate_limit"), "rate_limit");
        var told = new SortedDictionary<string,
            string>(StringComparer.Ordinal)
        { ["http2"] = Bool(http, "http2", missing: true).ToString() };
        CheckTls(tls, told);
        foreach ((string name, object? value) in Map(http.GetValueOrDefault("headers"), "headers"))
        {
            string said = Scalar(value);
            Demand(said.All(static c => c is >= ' ' and <= '~'));
            Demand(name is not "X-Frame-Options" || said is "deny" or "sameorigin");
            Demand(name is not "X-Content-Type-Options" || said is "nosniff");
            told["header " + name] = said;
        }

        foreach ((string user, object? value) in Map(root.GetValueOrDefault("basic_auth_users"), null))
        {
            Demand(Hash().Match(Scalar(value)) is { Success: true } match
                && int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) is >= 4 and <= 31);
            told["user " + user] = Scalar(value);
        }

        string interval = Text(rate, "interval");
        long burst = Text(rate, "burst") is { Length: > 0 } number ? Whole().IsMatch(number)
            && long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed)
            && parsed == (int)parsed ? parsed : throw new FormatException() : 0;
        if (interval.Length > 0)
        {
            decimal nanoseconds = Nanoseconds(interval);
            Demand(nanoseconds >= 0 && burst >= 0);
            if (nanoseconds > 0)
            {
                told["rate"] = $"{Math.Max(1, (long)(nanoseconds / 100))} {burst}";
            }
        }

        return told;
    }

    private static void CheckTls(Dictionary<string, object?> tls, SortedDictionary<string, string> told)
    {
        string auth = Text(tls, "client_auth_type");
        int rule = auth.Length == 0 ? 0 : Array.IndexOf(s_auth, auth == "RequireClientCert" ? "RequireAnyClientCert" : auth);
        int from = Text(tls, "min_version") is { Length: > 0 } min ? Array.IndexOf(s_versions, min) : 2;
        int to = Text(tls, "max_version") is { Length: > 0 } max ? Array.IndexOf(s_versions, max) : 3;
        List<string> suites = Texts(tls, "cipher_suites");
        Demand(from >= 0 && to >= from);
        Demand(suites.All(static suite => Suite().IsMatch(suite)) && Texts(tls, "curve_preferences").All(s_curves.Contains));
        Bool(tls, "prefer_server_cipher_suites", missing: true);
        string cert = Either("cert"), key = Either("key"), ca = Either("client_ca");
        List<string> sans = Texts(tls, "client_allowed_sans");
        if (cert.Length + key.Length + ca.Length + auth.Length == 0)
        {
            return;
        }

        Demand(cert.Length > 0 && key.Length > 0 && rule >= 0 && (ca.Length == 0 || rule > 0));
        told["cert"] = cert;
        told["key"] = key;
        told["ca"] = ca;
        told["auth"] = rule.ToString(CultureInfo.InvariantCulture);
        told["sans"] = string.Join('|', sans);
        told["suites"] = string.Join('|', suites.Select(Enum.Parse<TlsCipherSuite>));
        told["versions"] = string.Concat(s_versions[from..(to + 1)]);

        string Either(string name)
        {
            string inline = Text(tls, name), path = Text(tls, name + "_file");
            Demand(inline.Length == 0 || path.Length == 0);
            return inline + path;
        }
    }

    // A mapping with known keys; for null any.
    private static Dictionary<string, object?> Map(object? node, string? section)
    {
        if (node is null or "")
        {
            return [];
        }

        var map = new Dictionary<string, object?>();
        foreach ((object name, object? value) in node as Dictionary<object, object?> ?? throw new FormatException())
        {
            Demand(name is string text && (section is null || s_keys[section].Contains(text)));
            map[(string)name] = value;
        }

        return map;
    }

    private static string Scalar(object? node) => node switch
    {
        null => "",
        string text => text,
        _ => throw new FormatException(),
    };

    private static string Text(Dictionary<string, object?> map, string name) => Scalar(map.GetValueOrDefault(name));

    private static List<string> Texts(Dictionary<string, object?> map, string name) => map.GetValueOrDefault(name) switch
    {
        null or "" => [],
        List<object?> list => [.. list.Select(Scalar)],
        _ => throw new FormatException(),
    };

    private static bool Bool(Dictionary<string, object?> map, string name, bool missing) => Text(map, name).ToUpperInvariant() switch
    {
        "" => missing,
        "TRUE" or "YES" or "ON" or "Y" => true,
        "FALSE" or "NO" or "OFF" or "N" => false,
        _ => throw new FormatException(),
    };

    private static decimal Nanoseconds(string text)
    {
        if (text is "0" or "+0" or "-0")
        {
            return 0;
        }

        Demand(Duration().IsMatch(text));
        decimal sum = Part().Matches(text).Sum(static part =>
        {
            Demand(part.Groups[1].Value.Any(char.IsAsciiDigit) && part.Groups[1].Value.Length < 18);
            decimal unit = part.Groups[2].Value switch
            {
                "ns" => 1,
                "us" or "µs" or "μs" => 1e3m,
                "ms" => 1e6m,
                "s" => 1e9m,
                "m" => 60e9m,
                "h" => 3600e9m,
                "d" => 86400e9m,
                _ => 604800e9m
            };
            return decimal.Truncate(decimal.Parse("0" + part.Groups[1].Value.TrimEnd('.'), CultureInfo.InvariantCulture) * unit);
        });
        Demand(sum <= long.MaxValue);
        return text[0] == '-' ? -sum : sum;
    }

    private static void Demand(bool holds)
    {
        if (!holds)
        {
            throw new FormatException();
        }
    }

    [GeneratedRegex(@"\A\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{53}\z")]
    private static partial Regex Hash();

    [GeneratedRegex(
        @"\A(TLS_AES_128_GCM_SHA256|TLS_AES_256_GCM_SHA384|TLS_CHACHA20_POLY1305_SHA256|TLS_ECDHE_(ECDSA|RSA)_WITH_(AES_128_CBC_SHA|AES_256_CBC_SHA|AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305_SHA256))\z")]
    private static partial Regex Suite();

    [GeneratedRegex(@"\A[+-]?[0-9]+\z")]
    private static partial Regex Whole();

    [GeneratedRegex(@"\A[+-]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w))+\z")]
    private static partial Regex Duration();

    [GeneratedRegex(@"([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h|d|w)")]
    private static partial Regex Part();
}
