using System.Reflection;
using System.Runtime.InteropServices;
using Exposition.Kestrel;

namespace Exposition.Gateway.SelfMetrics;

/// <summary>
/// What build this is, under the names that the Pushgateway gives to the parts. Set by the build: <c>-p:Version</c>,
/// <c>-p:SourceRevisionId</c>, <c>-p:BuildDate</c>, <c>-p:BuildBranch</c>, <c>-p:BuildUser</c>.
/// </summary>
internal sealed record BuildIdentity(
    string Version, string Revision, string Branch, string User, string Date, string Runtime, string Os, string Architecture, string Tags)
{
    /// <summary>The identity of this assembly.</summary>
    public static BuildIdentity Current { get; } = Read();

    private static BuildIdentity Read()
    {
        Assembly assembly = typeof(BuildIdentity).Assembly;
        (string version, string revision) = ExpositionBuild.VersionOf(assembly);
        AssemblyMetadataAttribute[] metadata = [.. assembly.GetCustomAttributes<AssemblyMetadataAttribute>()];
        string Metadata(string key) => Array.Find(metadata, found => found.Key == key)?.Value ?? "";
        return new BuildIdentity(
            version, revision, Metadata("BuildBranch"), Metadata("BuildUser"), Metadata("BuildDate"),
            "dotnet" + Environment.Version, GoOs(), GoArchitecture(RuntimeInformation.ProcessArchitecture), "unknown");
    }

    /// <summary>The block that <c>--version</c> prints.</summary>
    public string Block() => $"""
        pushgateway, version {Version} (branch: {Branch}, revision: {Revision})
          build user:       {User}
          build date:       {Date}
          go version:       {Runtime}
          platform:         {Os}/{Architecture}
          tags:             {Tags}

        """;

    private static string GoOs() =>
        OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : "unknown";

    private static string GoArchitecture(Architecture architecture) => architecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.Arm => "arm",
        System.Runtime.InteropServices.Architecture.Ppc64le => "ppc64le",
        System.Runtime.InteropServices.Architecture.S390x => "s390x",
        _ => "unknown",
    };
}
