using System.Globalization;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel.Logging;

namespace Exposition.Gateway.Web;

/// <summary>What can be wrong with the web configuration: what is in its file is refused, or its certificate ends soon.</summary>
internal sealed class WebConditions(WebConfigFile web, TimeProvider time) : IConditionSource
{
    private const int MostOfFault = 1024;
    private static readonly TimeSpan s_soon = TimeSpan.FromDays(7);

    public void Look(ICollection<Condition> into)
    {
        if (web.Fault is { } fault)
        {
            into.Add(new Condition(ConditionTypes.WebConfigRefused,
                "the web configuration as it is now cannot be used, the one before stays in force: " + LogText.Cut(fault, MostOfFault)));
        }

        if (web.State.Tls is { NotAfter: var end } && end - time.GetUtcNow() is var left && left <= s_soon)
        {
            into.Add(new Condition(ConditionTypes.CertificateExpiring, string.Create(CultureInfo.InvariantCulture,
                $"the certificate for TLS {(left > TimeSpan.Zero ? "expires" : "has expired")} at {end:yyyy-MM-dd'T'HH:mm:ss'Z'}"),
                Since: end - s_soon));
        }
    }
}
