using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Exposition.EndToEnd.Tests.Secure;

/// <summary>
/// An authority made for one test, and the certificates that it signs, as PEM files in a directory that is deleted at the end.
/// </summary>
public sealed class Certificates : IDisposable
{
    private readonly X509Certificate2 _authority;

    public Certificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Write("ca.crt", _authority.ExportCertificatePem());
    }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("exposition-tls").FullName;

    /// <summary>For a client that trusts this authority alone.</summary>
    public SslClientAuthenticationOptions ClientOptions()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_authority);
        return new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = policy };
    }

    public string PathOf(string name) => Path.Combine(Directory, name);

    /// <summary>Writes as an editor or an orchestrator does: a new file takes the old one's place.</summary>
    public void Write(string name, string text)
    {
        File.WriteAllText(PathOf(name + ".new"), text);
        File.Move(PathOf(name + ".new"), PathOf(name), overwrite: true);
    }

    /// <summary>Signs <c>NAME.crt</c> with <c>NAME.key</c>.</summary>
    public X509Certificate2 Sign(string name, string san, bool client = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(san);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid(client ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1")], false));
        using X509Certificate2 signed = request.Create(
            _authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        Write(name + ".key", key.ExportPkcs8PrivateKeyPem());
        Write(name + ".crt", signed.ExportCertificatePem());
        return signed.CopyWithPrivateKey(key);
    }

    public void Dispose()
    {
        _authority.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
