using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Exposition.Load.Protection;

/// <summary>How a server is protected.</summary>
internal enum ProtectionKind
{
    Plain,
    Auth,
    Tls,
    TlsAndAuth,
}

/// <summary>A certificate, a user and the configuration files of each kind, in a directory that is deleted at the end.</summary>
internal sealed class WebFiles : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-load").FullName;

    public WebFiles()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=load", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(_directory, "server.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_directory, "server.key"), key.ExportPkcs8PrivateKeyPem());

        const string tls = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";
        string users = $"basic_auth_users:\n  load: {BCrypt.Net.BCrypt.HashPassword("s3cret", 10)}\n";
        File.WriteAllText(PathOf(ProtectionKind.Auth), users);
        File.WriteAllText(PathOf(ProtectionKind.Tls), tls);
        File.WriteAllText(PathOf(ProtectionKind.TlsAndAuth), tls + users);
    }

    /// <summary>The header that lets a client in.</summary>
    public static string Authorization { get; } = "Authorization: Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("load:s3cret"))
        + "\r\n";

    public static bool IsTls(ProtectionKind kind) => kind is ProtectionKind.Tls or ProtectionKind.TlsAndAuth;

    public string PathOf(ProtectionKind kind) => Path.Combine(_directory, kind + ".yml");

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
