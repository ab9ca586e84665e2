using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Exposition.Gateway.Web;

/// <summary>Decides over the certificates of clients.</summary>
internal sealed class ClientCertificates(ClientAuth rule, X509Certificate2Collection authorities, IReadOnlyList<string> allowedSans)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string SubjectAlternativeNames = "2.5.29.17";

    /// <summary>Whether a handshake may go on.</summary>
    /// <param name="certificate">The client's certificate, if it has given one.</param>
    /// <param name="sent">Holds the other certificates that it sent.</param>
    public bool Accept(X509Certificate? certificate, X509Chain? sent)
    {
        if (certificate is null)
        {
            return rule is ClientAuth.Request or ClientAuth.VerifyIfGiven;
        }

        using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return (rule is ClientAuth.Request or ClientAuth.Require || IsTrusted(leaf, sent))
            && (allowedSans.Count == 0 || Sans(leaf).Any(allowedSans.Contains));
    }

    /// <summary>DNS names, mail addresses, URIs and IP addresses of a certificate.</summary>
    internal static List<string> Sans(X509Certificate2 certificate)
    {
        const int mail = 1, dns = 2, uri = 6, ip = 7;
        var names = new List<string>();
        if (certificate.Extensions[SubjectAlternativeNames] is not { } extension)
        {
            return names;
        }

        try
        {
            AsnReader reader = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (reader.HasData)
            {
                Asn1Tag tag = reader.PeekTag();
                if (tag.TagClass != TagClass.ContextSpecific)
                {
                    break;
                }

                switch (tag.TagValue)
                {
                    case mail or dns or uri:
                        names.Add(reader.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                        break;
                    case ip when reader.ReadOctetString(tag) is { Length: 4 or 16 } address:
                        names.Add(new IPAddress(address).ToString());
                        break;
                    default:
                        reader.ReadEncodedValue();
                        break;
                }
            }
        }
        catch (AsnContentException)
        {
            // What could be read of it counts.
        }

        return names;
    }

    private bool IsTrusted(X509Certificate2 leaf, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        if (authorities.Count > 0)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        if (sent is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        }

        return chain.Build(leaf) || EndsAtAuthority(chain);
    }

    // An authority need not be a root: as in the Pushgateway, whatever stands in the file is trusted.
    private bool EndsAtAuthority(X509Chain chain) =>
        chain.ChainElements.Count > 1
        && Array.TrueForAll(chain.ChainStatus, static status => status.Status == X509ChainStatusFlags.PartialChain)
        && authorities.Any(authority => authority.RawDataMemory.Span.SequenceEqual(chain.ChainElements[^1].Certificate.RawDataMemory.Span));
}
