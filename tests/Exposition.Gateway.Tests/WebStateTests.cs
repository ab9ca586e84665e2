using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Exposition.Gateway.Web;

namespace Exposition.Gateway.Tests;

/// <summary>
/// A file that is being written, or was emptied by mistake, opens no door: what asks clients for less is taken up by a restart only.
/// </summary>
public sealed class WebStateTests
{
    private const string Users = "basic_auth_users:\n  ana: $2y$04$abcdefghijklmnopqrstuuUY.C5zNgYPTfQCGWqPfXmAUZ9nCDfEO\n";
    private const string Tls = "tls_server_config:\n  cert_file: pair.pem\n  key_file: pair.pem\n";
    private const string Any = Tls + "  client_auth_type: RequireAnyClientCert\n";
    private const string Verified = Tls + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: pair.pem\n";
    private const string Named = Verified + "  client_allowed_sans: [a.example]\n";

    private readonly string _pair = MakePair();

    [Theory]
    [InlineData(Users, "", "no users are left")]
    [InlineData(Tls + Users, Tls, "no users are left")]
    [InlineData(Tls, "", "TLS can be switched off")]
    [InlineData(Verified, "", "TLS can be switched off")]
    [InlineData(Verified, Tls, "no longer required and verified")]
    [InlineData(Verified, Any, "no longer required and verified")]
    [InlineData(Verified, Tls + "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: pair.pem\n",
        "no longer required and verified")]
    [InlineData(Verified, Tls + "  client_auth_type: RequireAndVerifyClientCert\n", "no client_ca is left")]
    [InlineData(Any, Tls, "no longer required")]
    [InlineData(Any, Tls + "  client_auth_type: RequestClientCert\n", "no longer required")]
    [InlineData(Named, Verified, "no client_allowed_sans are left")]
    public void What_opens_a_door_is_refused_with_a_reason(string before, string now, string reason)
    {
        WebState closed = Make(before, null);
        Assert.Contains(reason, Assert.Throws<WebConfigException>(() => Make(now, closed)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Tls, Verified)]
    [InlineData(Any, Verified)]
    [InlineData(Verified, Named)]
    [InlineData(Named, Verified + "  client_allowed_sans: [b.example]\n")]
    [InlineData(Tls, Tls + "  client_auth_type: RequestClientCert\n")]
    [InlineData(Tls + "  client_auth_type: RequestClientCert\n", Tls)]
    [InlineData("", Users)]
    public void What_opens_none_is_taken_up(string before, string now) => Assert.NotSame(Make(before, null), Make(now, Make(before, null)));

    private WebState Make(string text, WebState? before) => WebState.Make(WebConfigReader.Read(text, "/etc"), before, 16, _ => _pair);

    private static string MakePair()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        using X509Certificate2 signed = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem();
    }
}
