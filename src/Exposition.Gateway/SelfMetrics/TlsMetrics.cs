using Exposition.Formats;
using Exposition.Gateway.Web;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Gateway.SelfMetrics;

/// <summary>Handshakes that have failed, and until when the certificate is good; nothing where connections are plain.</summary>
internal sealed class TlsMetrics(WebConfigFile web) : IMetricSource
{
    // In the order of the enum.
    private readonly NamedCounters _failures = new(["closed", "failed", "refused", "timeout"]);

    /// <summary>A handshake has failed.</summary>
    public void CountFailure(HandshakeFailure why) => _failures.Count((int)why);

    public void Collect(FamilySet into)
    {
        if (web.State.Tls is not { } tls)
        {
            return;
        }

        into.AddGauge("pushgateway_tls_certificate_not_after_timestamp_seconds"u8,
            "Unix time until which the certificate in use is valid."u8, (tls.NotAfter - DateTimeOffset.UnixEpoch).TotalSeconds);
        _failures.Collect(into, "pushgateway_tls_handshake_failures_total"u8, "TLS handshakes that have failed, by reason."u8, "reason"u8);
    }
}
