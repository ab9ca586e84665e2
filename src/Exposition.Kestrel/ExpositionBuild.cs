using System.Reflection;

namespace Exposition.Kestrel;

/// <summary>
/// What build a host is, for its status page and the JSON API, where the parts have the names that the Pushgateway gives to them.
/// </summary>
/// <example>
/// <code>
/// builder.Services.Configure&lt;ExpositionStatusOptions&gt;(status => status.Build.Version = "2026.12");
/// </code>
/// </example>
public sealed class ExpositionBuild
{
    internal ExpositionBuild()
    {
    }

    /// <summary>The version, also at the top of the page. Default: that of the entry assembly. In the API <c>version</c>.</summary>
    public string Version { get; set; } = "";

    /// <summary>The revision of the sources. Default: that of the entry assembly, if it says one. In the API <c>revision</c>.</summary>
    public string Revision { get; set; } = "";

    /// <summary>The branch of the sources. Default: empty. In the API <c>branch</c>.</summary>
    public string Branch { get; set; } = "";

    /// <summary>Who has built it. Default: empty. In the API <c>buildUser</c>.</summary>
    public string BuiltBy { get; set; } = "";

    /// <summary>When it was built, in any form. Default: empty. In the API <c>buildDate</c>.</summary>
    public string BuiltAt { get; set; } = "";

    /// <summary>What it runs on. Default: <c>dotnet</c> and the version of .NET. In the API <c>goVersion</c>.</summary>
    public string Runtime { get; set; } = "dotnet" + Environment.Version;

    /// <summary>That of the assembly which the process was started with.</summary>
    internal static ExpositionBuild OfHost()
    {
        (string version, string revision) = VersionOf(Assembly.GetEntryAssembly());
        return new ExpositionBuild { Version = version, Revision = revision };
    }

    /// <summary>The version of an assembly, and the revision that it was built from; empty where it says nothing.</summary>
    internal static (string Version, string Revision) VersionOf(Assembly? assembly)
    {
        string[] parts = (assembly?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "").Split('+', 2);
        return (parts[0], parts.Length > 1 ? parts[1] : "");
    }

    /// <summary>All parts under the names that the Pushgateway gives to them, in order of these.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Parts() =>
    [
        new("branch", Branch), new("buildDate", BuiltAt), new("buildUser", BuiltBy), new("goVersion", Runtime), new("revision", Revision),
        new("version", Version),
    ];
}
