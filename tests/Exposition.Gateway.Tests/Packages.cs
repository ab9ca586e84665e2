using System.IO.Compression;
using System.Xml.Linq;

namespace Exposition.Gateway.Tests;

/// <summary>
/// All packages of the checkout, packed in a place of their own: neither its build output nor its lock files are touched. Nothing is asked
/// of a package registry that has been restored before.
/// </summary>
public sealed class Packages : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-packages-").FullName;

    /// <summary>The files, by the name of the project.</summary>
    public Dictionary<string, Package> All { get; } = [];

    /// <summary>The version of all of them.</summary>
    public string Version => All["Exposition.Formats"].Text("version");

    /// <summary>What a consumer's commands need: a cache of packages of their own, so that ours do not come into the user's.</summary>
    public Dictionary<string, string> Environment => new() { ["NUGET_PACKAGES"] = PathOf("cache") };

    private string Feed => PathOf("feed");

    public string PathOf(string name) => Path.Combine(_directory, name);

    public async ValueTask InitializeAsync()
    {
        foreach (string project in Directory.EnumerateDirectories(Path.Combine(Checkout.Root, "src"), "Exposition.*").Order())
        {
            string name = Path.GetFileName(project);
            ToolResult packed = await Tool.RunAsync("dotnet", ["pack", project, "-c", "Release", "-o", Path.Combine(Feed, name), "-nologo",
                "-v", "quiet", "-nodeReuse:false", $"-p:ArtifactsPath={PathOf("build")}", "-p:RestoreApart=true",
                "-p:RestoreLockedMode=false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false", "-p:NuGetAudit=false"]);
            Assert.True(packed.ExitCode == 0, packed.Output + packed.Errors);
            Assert.DoesNotContain("warning", packed.Output, StringComparison.OrdinalIgnoreCase);
            All.Add(name, new Package(Assert.Single(Directory.GetFiles(Path.Combine(Feed, name)))));
        }
    }

    /// <summary>A folder whose packages come from here and, those of others, from what this machine has restored already.</summary>
    public string NewConsumer(string name)
    {
        string folder = Directory.CreateDirectory(PathOf(name)).FullName;
        string restored = System.Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
            ? set
            : Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var configuration = new XElement("configuration",
            new XElement("packageSources", new XElement("clear"), All.Keys.Select(project => Add(project, Path.Combine(Feed, project)))),
            new XElement("fallbackPackageFolders", new XElement("clear"), Add("restored", restored)));
        configuration.Save(Path.Combine(folder, "NuGet.config"));
        return folder;
    }

    /// <summary>The version of a package of others that the checkout uses.</summary>
    public static string VersionOf(string package) => XDocument.Load(Path.Combine(Checkout.Root, "Directory.Packages.props"))
        .Descendants("PackageVersion").Single(found => found.Attribute("Include")!.Value == package).Attribute("Version")!.Value;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return default;
    }

    private static XElement Add(string key, string value) => new("add", new XAttribute("key", key), new XAttribute("value", value));
}

/// <summary>A package, read.</summary>
public sealed class Package
{
    private readonly string _path;
    private readonly XElement _metadata;

    public Package(string path)
    {
        _path = path;
        using ZipArchive archive = ZipFile.OpenRead(path);

        // Less what the format itself needs.
        Files = [.. archive.Entries.Select(static entry => entry.FullName)
            .Where(static name => name.Split('/')[0] is not ("_rels" or "package" or "[Content_Types].xml")).Order(StringComparer.Ordinal)];
        using Stream nuspec = archive.GetEntry(Files.Single(static name => name.EndsWith(".nuspec", StringComparison.Ordinal)))!.Open();
        XElement root = XDocument.Load(nuspec).Root!;
        Namespace = root.Name.Namespace;
        _metadata = root.Element(Namespace + "metadata")!;
    }

    public IReadOnlyList<string> Files { get; }

    private XNamespace Namespace { get; }

    public string Text(string name) => Element(name).Value;

    public XElement Element(string name) => Assert.Single(_metadata.Elements(Namespace + name));

    public Dictionary<string, string> Dependencies => _metadata.Descendants(Namespace + "dependency")
        .ToDictionary(static found => found.Attribute("id")!.Value, static found => found.Attribute("version")!.Value);

    public byte[] Read(string name)
    {
        using ZipArchive archive = ZipFile.OpenRead(_path);
        using Stream entry = archive.GetEntry(name)!.Open();
        using var copy = new MemoryStream();
        entry.CopyTo(copy);
        return copy.ToArray();
    }
}
