using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Exposition.Gateway.Web;

/// <summary>
/// What handshakes need: certificates, read from their files, and rules. Immutable; replaced as a whole when a file changes.
/// </summary>
internal sealed class TlsMaterial
{
    private static readonly TlsCipherSuite[] s_alwaysOffered =
        [TlsCipherSuite.TLS_AES_128_GCM_SHA256, TlsCipherSuite.TLS_AES_256_GCM_SHA384, TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256];

    private readonly SslStreamCertificateContext _certificate;
    private readonly CipherSuitesPolicy? _suites;
    private readonly ClientCertificates? _clients;
    private readonly TlsSettings _settings;
    private readonly List<SslApplicationProtocol> _protocols;

    private TlsMaterial(TlsSettings settings, bool http2, SslStreamCertificateContext certificate, ClientCertificates? clients)
    {
        _settings = settings;
        _certificate = certificate;
        _clients = clients;
        _protocols = http2 ? [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11] : [SslApplicationProtocol.Http11];

        // As in the Pushgateway, the choice is about TLS 1.2: the suites of 1.3 are always there.
#pragma warning disable CA1416 // Where the platform has no such choice, that is an error at the start.
        _suites = settings.CipherSuites.Count > 0 ? new CipherSuitesPolicy(settings.CipherSuites.Union(s_alwaysOffered)) : null;
#pragma warning restore CA1416
    }

    /// <summary>When the certificate ends.</summary>
    public DateTimeOffset NotAfter => new(_certificate.TargetCertificate.NotAfter.ToUniversalTime());

    /// <summary>Loads what the settings name.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="http2">Whether to offer HTTP/2.</param>
    /// <param name="read">Reads a file's text.</param>
    /// <exception cref="WebConfigException">Something cannot be read or does not fit.</exception>
    public static TlsMaterial Load(TlsSettings settings, bool http2, Func<string, string> read)
    {
        string certificate = Read(settings.Certificate, "cert_file", read);
        string key = Read(settings.Key, "key_file", read);
        string ca = Read(settings.ClientCa, "client_ca_file", read);
        try
        {
            using X509Certificate2 leaf = X509Certificate2.CreateFromPem(certificate, key);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificate);
            chain.RemoveAt(0);

            // A key that lies in memory only cannot be used for serving on Windows.
            X509Certificate2 usable = OperatingSystem.IsWindows()
                ? X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pfx), null)
                : new X509Certificate2(leaf);
            return new TlsMaterial(
                settings, http2, SslStreamCertificateContext.Create(usable, chain, offline: true), LoadClients(settings, ca));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new WebConfigException($"failed to load X509KeyPair: {e.Message}");
        }
        catch (PlatformNotSupportedException e)
        {
            throw new WebConfigException($"cipher_suites: {e.Message}");
        }
    }

    /// <summary>The options of one handshake.</summary>
    public SslServerAuthenticationOptions Options() => new()
    {
        ServerCertificateContext = _certificate,
        EnabledSslProtocols = _settings.Protocols,
        CipherSuitesPolicy = _suites,
        ApplicationProtocols = _protocols,
        ClientCertificateRequired = _settings.ClientAuth != ClientAuth.None,
        RemoteCertificateValidationCallback = _clients is null ? null : (_, certificate, chain, _) => _clients.Accept(certificate, chain),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        AllowRenegotiation = false,

        // A resumed session would rest on what was trusted when it began.
        AllowTlsResume = _clients is null,
    };

    private static ClientCertificates? LoadClients(TlsSettings settings, string ca)
    {
        if (settings.ClientAuth == ClientAuth.None)
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        if (settings.ClientCa.IsGiven)
        {
            try
            {
                authorities.ImportFromPem(ca);
            }
            catch (CryptographicException e)
            {
                throw new WebConfigException($"failed to read client_ca: {e.Message}");
            }

            if (authorities.Count == 0)
            {
                throw new WebConfigException("failed to read client_ca: no certificate found");
            }
        }

        return new ClientCertificates(settings.ClientAuth, authorities, settings.AllowedSans);
    }

    private static string Read(PemSource source, string key, Func<string, string> read)
    {
        if (source.Path.Length == 0)
        {
            return source.Inline;
        }

        try
        {
            return read(source.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WebConfigException($"failed to read {key} ({source.Shown}): {e.Message}");
        }
    }
}
