using System.Net.Security;
using System.Security.Authentication;
using Exposition.Gateway.Web;

namespace Exposition.Gateway.Tests;

public class WebConfigReaderTests
{
    private const string Hash = "$2b$05$abcdefghijklmnopqrstuumKVWSYe17ozCGcGOhpn1PsIYOB7PaOa";
    private const string Pair = "tls_server_config:\n  cert_file: a\n  key_file: b\n";

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("{}")]
    [InlineData("~\n")]
    [InlineData("tls_server_config:\nhttp_server_config: ~\nbasic_auth_users: {}\nrate_limit:\n")]
    [InlineData("tls_server_config:\n  min_version: TLS12\n  client_allowed_sans: [a]\n")]
    [InlineData("rate_limit:\n  interval: 0\n  burst: 3\n")]
    public void Nothing_means_plain_and_open(string text)
    {
        WebConfig config = WebConfigReader.Read(text, "/etc");
        Assert.Null(config.Tls);
        Assert.True(config.Http2);
        Assert.Empty(config.Headers);
        Assert.Empty(config.Users);
        Assert.Null(config.RateLimit);
    }

    [Fact]
    public void Every_key_is_read()
    {
        WebConfig config = WebConfigReader.Read($$"""
            tls_server_config:
              cert: |
                inline certificate
              key_file: keys/server.key
              client_ca_file: /ca.pem
              client_auth_type: RequireAndVerifyClientCert
              client_allowed_sans: [ "pusher.example", 10.0.0.1 ]
              min_version: TLS13
              max_version: TLS13
              cipher_suites:
                - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
                - TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
              prefer_server_cipher_suites: false
              curve_preferences: [CurveP256, X25519]
            http_server_config:
              http2: no
              headers:
                Content-Security-Policy: "default-src 'self'"
                X-Frame-Options: sameorigin
                X-Content-Type-Options: nosniff
                X-XSS-Protection: "0"
                Strict-Transport-Security: max-age=31536000
            basic_auth_users:
              ana: {{Hash}}
              "o:k": '{{Hash}}'
            rate_limit:
              interval: 250ms
              burst: 7
            """, "/etc/gateway");
        TlsSettings tls = config.Tls!;
        Assert.Equal("inline certificate\n", tls.Certificate.Inline);
        Assert.Equal("/etc/gateway/keys/server.key", tls.Key.Path);
        Assert.Equal("/ca.pem", tls.ClientCa.Path);
        Assert.Equal(ClientAuth.RequireAndVerify, tls.ClientAuth);
        Assert.Equal(["pusher.example", "10.0.0.1"], tls.AllowedSans);
        Assert.Equal(SslProtocols.Tls13, tls.Protocols);
        Assert.Equal([TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256],
            tls.CipherSuites);
        Assert.Contains("curve_preferences has no effect", Assert.Single(tls.Notices), StringComparison.Ordinal);
        Assert.False(config.Http2);
        Assert.Equal(5, config.Headers.Count);
        Assert.Equal("default-src 'self'", config.Headers["Content-Security-Policy"]);
        Assert.Equal(["ana", "o:k"], config.Users.Keys);
        Assert.Equal(new RateLimit(TimeSpan.FromMilliseconds(250), 7), config.RateLimit);
    }

    [Theory]
    [InlineData("NoClientCert", ClientAuth.None)]
    [InlineData("RequestClientCert", ClientAuth.Request)]
    [InlineData("RequireAnyClientCert", ClientAuth.Require)]
    [InlineData("RequireClientCert", ClientAuth.Require)]
    [InlineData("VerifyClientCertIfGiven", ClientAuth.VerifyIfGiven)]
    [InlineData("RequireAndVerifyClientCert", ClientAuth.RequireAndVerify)]
    public void Client_auth_types_are_the_references(string name, object expected) =>
        Assert.Equal(expected, WebConfigReader.Read(Pair + $"  client_auth_type: {name}\n", "/").Tls!.ClientAuth);

    [Fact]
    public void Old_versions_are_offered_with_a_notice_and_the_default_is_twelve_and_thirteen()
    {
        Assert.Equal(SslProtocols.Tls12 | SslProtocols.Tls13, WebConfigReader.Read(Pair, "/").Tls!.Protocols);
        TlsSettings old = WebConfigReader.Read(Pair + "  min_version: TLS10\n  max_version: TLS12\n", "/").Tls!;
#pragma warning disable CA5397, CS0618, SYSLIB0039
        Assert.Equal(SslProtocols.Tls | SslProtocols.Tls11 | SslProtocols.Tls12, old.Protocols);
#pragma warning restore CA5397, CS0618, SYSLIB0039
        Assert.Contains("TLS 1.0 and 1.1", Assert.Single(old.Notices), StringComparison.Ordinal);
    }

    // Where the reference has the error, its words are there.
    [Theory]
    [InlineData("bogus: 1\n", "yaml: unmarshal errors: line 1: field bogus not found in type web.Config")]
    [InlineData("\ntls_server_config:\n  crt: x\n", "yaml: unmarshal errors: line 3: field crt not found in type web.TLSConfig")]
    [InlineData("http_server_config:\n  http3: true\n", "yaml: unmarshal errors: line 2: field http3 not found in type web.HTTPConfig")]
    [InlineData("rate_limit:\n  rate: 1\n", "yaml: unmarshal errors: line 2: field rate not found in type web.RateLimiterConfig")]
    [InlineData("rate_limit:\n  burst: 1\n  burst: 2\n", "line 3: field burst already set")]
    [InlineData("basic_auth_users:\n  a: x\n  a: y\n", "line 3: field a already set")]
    [InlineData("rate_limit: {}\nrate_limit: {}\n", "line 2: field rate_limit already set")]
    [InlineData("- a\n", "line 1: expected a mapping")]
    [InlineData("a: [\n", "yaml: line")]
    [InlineData("x: &a 1\ny: *a\n", "aliases are not supported")]
    [InlineData("{}\n---\n{}\n", "expected a single document")]
    [InlineData("tls_server_config: 5\n", "line 1: tls_server_config: expected a mapping")]
    [InlineData("tls_server_config:\n  cert_file: [a]\n", "line 2: cert_file: expected a text")]
    [InlineData("tls_server_config:\n  cipher_suites: a\n", "line 2: cipher_suites: expected a list")]
    [InlineData("http_server_config:\n  http2: perhaps\n", "line 2: http2: expected true or false")]
    [InlineData("rate_limit:\n  interval: 1s\n  burst: many\n", "line 3: burst: expected a whole number")]
    [InlineData("rate_limit:\n  interval: soon\n", "line 2: interval: time: invalid duration \"soon\"")]
    [InlineData("rate_limit:\n  interval: 1s\n  burst: -1\n", "line 3: burst: must not be negative")]
    [InlineData("a:\n b:\n  c: { d: \r e ] }\n1.5h0", "yaml: line 3: not understood")]
    [InlineData("tls_server_config:\n  cert_file: a\n", "line 1: missing one of key or key_file")]
    [InlineData("\ntls_server_config:\n  key: a\n", "line 2: missing one of cert or cert_file")]
    [InlineData("tls_server_config:\n  client_auth_type: NoClientCert\n", "missing one of cert or cert_file")]
    [InlineData(Pair + "  cert: x\n", "line 2: cert_file: cert is given too")]
    [InlineData(Pair + "  client_ca_file: c\n", "line 1: client CA's have been configured without a Client Auth Policy")]
    [InlineData(Pair + "  client_auth_type: foo\n", "line 4: client_auth_type: invalid ClientAuth: foo")]
    [InlineData(Pair + "  min_version: TLS09\n", "line 4: min_version: unknown TLS version: TLS09")]
    [InlineData(Pair + "  max_version: TLS11\n", "line 4: max_version: TLS11 is below min_version TLS12")]
    [InlineData(Pair + "  cipher_suites: [foo]\n", "line 4: cipher_suites: unknown cipher: foo")]
    [InlineData(Pair + "  curve_preferences: [x]\n", "line 4: curve_preferences: unknown curve: x")]
    [InlineData("http_server_config:\n  headers:\n    X-Foo: a\n", "line 3: HTTP header \"X-Foo\" can not be configured")]
    [InlineData("http_server_config:\n  headers:\n    X-Frame-Options: foo\n",
        "line 3: invalid value for X-Frame-Options. Expected one of: [\"deny\" \"sameorigin\"], but got: \"foo\"")]
    [InlineData("http_server_config:\n  headers:\n    X-Content-Type-Options: x\n", "Expected one of: [\"nosniff\"], but got: \"x\"")]
    [InlineData("http_server_config:\n  headers:\n    X-XSS-Protection: \"a\\r\\nb: c\"\n",
        "line 3: invalid value for X-XSS-Protection: only printable ASCII")]
    [InlineData("basic_auth_users:\n  ana: short\n",
        "line 2: basic_auth_users: ana: crypto/bcrypt: hashedSecret too short to be a bcrypted password")]
    [InlineData("basic_auth_users:\n  ana: $2b$99$abcdefghijklmnopqrstuumKVWSYe17ozCGcGOhpn1PsIYOB7PaOa\n",
        "cost 99 is outside allowed inclusive range 4..31")]
    [InlineData("basic_auth_users:\n  ana: $1b$05$abcdefghijklmnopqrstuumKVWSYe17ozCGcGOhpn1PsIYOB7PaOa\n", "expected a hash of the form")]
    [InlineData("basic_auth_users:\n  ana: $2b$05$abcdefghijklmnopqrstuumKVWSYe17ozCGcGOhpn1PsIYOB7PaO!\n", "expected 53 characters")]
    public void Errors_name_line_and_key(string text, string expected)
    {
        Assert.Contains(
            expected, Assert.Throws<WebConfigException>(() => WebConfigReader.Read(text, "/etc")).Message, StringComparison.Ordinal);
        Assert.Null(WebConfigJudge.Complaint(text));
    }

    /// <summary>A judge that never complains would prove nothing: what it compares tells all values apart.</summary>
    [Fact]
    public void A_naive_reading_tells_every_value()
    {
        string text = Pair
            + "  client_auth_type: RequireClientCert\n  client_ca_file: c\n  client_allowed_sans: [x, y]\n  min_version: TLS13\n  "
            + "cipher_suites: [TLS_AES_128_GCM_SHA256]\n"
            + $"http_server_config:\n  http2: off\n  headers: {{ X-Frame-Options: deny }}\nbasic_auth_users: "
                + $"{{ ana: {Hash} }}\nrate_limit: {{ interval: 1.5s, burst: 2 }}\n";
        string expected =
            "auth=2 ca=c cert=a header X-Frame-Options=deny http2=False key=b rate=15000000 2 sans=x|y suites=TLS_AES_128_GCM_SHA256 "
            + $"user ana={Hash} versions=TLS13";
        Assert.Equal(expected, string.Join(' ', NaiveWebConfig.Read(text)!.Select(static pair => $"{pair.Key}={pair.Value}")));
        Assert.Equal(expected,
            string.Join(' ', NaiveWebConfig.Tell(WebConfigReader.Read(text, "/")).Select(static pair => $"{pair.Key}={pair.Value}")));
        Assert.Null(NaiveWebConfig.Read(text.Replace("deny", "allow", StringComparison.Ordinal)));
        Assert.Null(NaiveWebConfig.Read(text + "more: 1\n"));
    }
}
