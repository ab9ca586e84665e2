using System.Reflection;

namespace Exposition.Kestrel.Api;

/// <summary>What build a host is, under the names that the Pushgateway gives to the parts.</summary>
internal static class BuildInformation
{
    /// <summary>That of the assembly which the process was started with.</summary>
    public static SortedDictionary<string, string> OfHost()
    {
        (string version, string revision) = VersionOf(Assembly.GetEntryAssembly());
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["branch"] = "",
            ["buildDate"] = "",
            ["buildUser"] = "",
            ["goVersion"] = "dotnet" + Environment.Version,
            ["revision"] = revision,
            ["version"] = version,
        };
    }

    /// <summary>The version of an assembly, and the revision that it was built from; empty where it says nothing.</summary>
    public static (string Version, string Revision) VersionOf(Assembly? assembly)
    {
        string[] parts = (assembly?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "").Split('+', 2);
        return (parts[0], parts.Length > 1 ? parts[1] : "");
    }
}
