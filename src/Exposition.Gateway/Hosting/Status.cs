using Exposition.Gateway.CommandLine;
using Exposition.Gateway.SelfMetrics;
using Exposition.Kestrel;

namespace Exposition.Gateway.Hosting;

/// <summary>What the page and the API say of the program.</summary>
internal static class Status
{
    /// <summary>Sets it, and lets pages of any origin read it, as in the Pushgateway.</summary>
    public static void Tell(ExpositionStatusOptions status, Flags flags)
    {
        status.AllowAnyOrigin = true;
        status.ExternalPath = flags.ExternalPrefix;
        status.ExternalUrl = flags.ExternalOrigin is { } url ? new Uri(url) : null;
        BuildIdentity build = BuildIdentity.Current;
        (status.Build.Version, status.Build.Revision, status.Build.Branch) = (build.Version, build.Revision, build.Branch);
        (status.Build.BuiltBy, status.Build.BuiltAt, status.Build.Runtime) = (build.User, build.Date, build.Runtime);
        status.GivenFlags = flags.Given;
        foreach ((string name, string value) in flags.Shown())
        {
            status.Flags[name] = value;
        }
    }
}
