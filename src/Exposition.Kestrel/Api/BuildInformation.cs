using System.Reflection;

namespace Exposition.Kestrel.Api;

/// <summary>What build a host is, under the names that the Pushgateway gives to the parts.</summary>
internal static class BuildInformation
{
    /// <summary>That of the assembly which the process was started with.</summary>
    public static SortedDictionary<string, string> OfHost()
    {
        string[] version = (Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "").Split('+', 2);
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["branch"] = "",
            ["buildDate"] = "",
            ["buildUser"] = "",
            ["goVersion"] = "dotnet" + Environment.Version,
            ["revision"] = version.Length > 1 ? version[1] : "",
            ["version"] = version[0],
        };
    }
}
