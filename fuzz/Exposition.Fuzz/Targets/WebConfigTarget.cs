using System.Text;
using Exposition.Gateway.Tests;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// The reader of the web configuration. Promises: no exception but its own, whose message names a line; what is taken means what
/// YamlDotNet's deserializer and a naive look at its dictionaries make of it, and what is refused they refuse.
/// </summary>
internal sealed class WebConfigTarget : IFuzzTarget
{
    private const string Hash = "$2b$05$abcdefghijklmnopqrstuumKVWSYe17ozCGcGOhpn1PsIYOB7PaOa";

    private static readonly string[] s_seeds =
    [
        "", "# nothing\n", "{}", "~\n",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_auth_type: RequireAndVerifyClientCert\n  "
            + "client_ca_file: ca.crt\n"
            + "  client_allowed_sans: [ flink.example, \"10.0.0.1\" ]\n  min_version: TLS12\n  max_version: TLS13\n",
        "tls_server_config:\n  cert: |\n    -----BEGIN\n    x\n  key: 'y'\n  cipher_suites:\n  - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n "
            + " - TLS_AES_128_GCM_SHA256\n"
            + "  prefer_server_cipher_suites: false\n  curve_preferences: [CurveP256, X25519]\n",
        "http_server_config:\n  http2: no\n  headers:\n    X-Frame-Options: deny\n    X-Content-Type-Options: nosniff\n    "
            + "Strict-Transport-Security: max-age=1\n"
            + "    Content-Security-Policy: \"default-src 'self'\"\n    X-XSS-Protection: >-\n      1\n",
        $"basic_auth_users:\n  ana: {Hash}\n  \"o:k\": '{Hash}'\n",
        "rate_limit: { interval: 250ms, burst: 7 }\n",
        "rate_limit:\n  interval: 1h30m0.5s\n  burst: 0\n",
        "rate_limit: &a\n  burst: 1\ntls_server_config: *a\n", "{}\n---\n{}\n", "? [a]\n: b\n", "a:\n b:\n  c: { d: [ e ] }\n",
    ];

    private static readonly string[] s_words =
    [
        "tls_server_config:", "http_server_config:", "basic_auth_users:", "rate_limit:", "cert:", "key:", "client_ca:", "cert_file:",
            "key_file:", "client_ca_file:", "client_auth_type:",
        "client_allowed_sans:", "min_version:", "max_version:", "cipher_suites:", "prefer_server_cipher_suites:", "curve_preferences:",
            "http2:", "headers:", "interval:", "burst:",
        "NoClientCert", "RequestClientCert", "RequireClientCert", "VerifyClientCertIfGiven", "TLS10", "TLS11", "TLS12", "TLS13",
            "CurveP384", "CurveP521", "sameorigin", "true", "off", "null", "~",
        "\n", "\n  ", "\n    ", "\n- ", ": ", "[", "]", "{", "}", ", ", "\"", "'", "|\n", ">-\n", "&a ", "*a", "!!str ", "---\n", "...\n",
            "#", "? ", "<<: ", "%YAML 1.1\n", "\\u0000", "\\x41", "\t", "1ms", "0", "-1", "1.5h", Hash,
    ];

    public string Name => "webconfig";

    public IEnumerable<byte[]> Seeds => s_seeds.Select(Encoding.UTF8.GetBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } = [.. s_words.Select(Encoding.UTF8.GetBytes)];

    public void Run(byte[] input)
    {
        if (WebConfigJudge.Complaint(Encoding.UTF8.GetString(input)) is { } complaint)
        {
            throw new BrokenPromiseException(complaint);
        }
    }
}
