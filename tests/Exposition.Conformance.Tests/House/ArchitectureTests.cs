using System.Reflection;
using System.Xml.Linq;

namespace Exposition.Conformance.Tests.House;

/// <summary>The arrows between projects point one way: Gateway, Kestrel, Hosting, Engine, Formats; Persistence beside Kestrel, Pusher on
/// Formats, OpenTelemetry on that.</summary>
public sealed class ArchitectureTests
{
    /// <summary>What each project may reference.</summary>
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["Exposition.Formats"] = [],
        ["Exposition.Engine"] = ["Exposition.Formats"],
        ["Exposition.Hosting"] = ["Exposition.Engine", "Exposition.Formats"],
        ["Exposition.Persistence"] = ["Exposition.Hosting", "Exposition.Engine", "Exposition.Formats"],
        ["Exposition.Replication"] = ["Exposition.Engine", "Exposition.Formats"],
        ["Exposition.Replication.Nats"] = ["Exposition.Replication"],
        ["Exposition.Pusher"] = ["Exposition.Formats"],
        ["Exposition.OpenTelemetry"] = ["Exposition.Pusher", "Exposition.Formats"],
        ["Exposition.Kestrel"] = ["Exposition.Hosting", "Exposition.Engine", "Exposition.Formats"],
        ["Exposition.Testing"] = ["Exposition.Kestrel", "Exposition.Hosting", "Exposition.Engine", "Exposition.Formats"],
        ["Exposition.Gateway"] =
        [
            "Exposition.Kestrel", "Exposition.Persistence", "Exposition.Replication", "Exposition.Replication.Nats", "Exposition.Hosting",
            "Exposition.Engine", "Exposition.Formats",
        ],
    };

    /// <summary>The namespaces of what hosts are built with.</summary>
    internal static readonly string[] BuilderNamespaces =
    [
        "Microsoft.Extensions.DependencyInjection", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting", "OpenTelemetry.Metrics",
    ];

    private static string Source => Path.Combine(Checkout.Root, "src");

    [Fact]
    public void Every_project_of_the_house_has_its_arrows_written_down() =>
        Assert.Equal(s_allowed.Keys.Order(), Directory.EnumerateFiles(Source, "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path)).Order());

    [Theory]
    [InlineData("Exposition.Formats")]
    [InlineData("Exposition.Engine")]
    [InlineData("Exposition.Hosting")]
    [InlineData("Exposition.Persistence")]
    [InlineData("Exposition.Replication")]
    [InlineData("Exposition.Replication.Nats")]
    [InlineData("Exposition.Pusher")]
    [InlineData("Exposition.OpenTelemetry")]
    [InlineData("Exposition.Kestrel")]
    [InlineData("Exposition.Testing")]
    [InlineData("Exposition.Gateway")]
    public void Project_references_only_what_lies_below_it(string project)
    {
        var references = Items(project, "ProjectReference")
            .Select(item => Path.GetFileNameWithoutExtension(item.Attribute("Include")!.Value));
        Assert.Empty(references.Except(s_allowed[project]));
    }

    [Theory]
    [InlineData("Exposition.Formats")]
    [InlineData("Exposition.Engine")]
    [InlineData("Exposition.Replication")]
    public void Embeddable_core_adds_no_packages(string project)
    {
        Assert.Empty(Items(project, "PackageReference").Where(item => (string?)item.Attribute("PrivateAssets") != "all")
            .Select(item => item.ToString()));
        Assert.Empty(Items(project, "FrameworkReference").Select(item => item.ToString()));
    }

    [Theory]
    [InlineData("Exposition.Formats")]
    [InlineData("Exposition.Engine")]
    [InlineData("Exposition.Hosting")]
    [InlineData("Exposition.Persistence")]
    [InlineData("Exposition.Replication")]
    public void Nothing_below_kestrel_knows_http(string assembly)
    {
        var references = Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")).GetReferencedAssemblies()
            .Select(reference => reference.Name!);
        Assert.DoesNotContain(references, name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
            || name.StartsWith("System.Net", StringComparison.Ordinal));
    }

    [Fact]
    public void Public_types_of_the_libraries_stand_at_the_project_root()
    {
        // One listing of the folder is the whole API: no public type in a namespace below the project's own.
        foreach (var library in s_allowed.Keys.Where(static project => project != "Exposition.Gateway"))
        {
            var types = Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, library + ".dll")).GetExportedTypes();
            Assert.Empty(types.Where(type => type.Namespace != library && !IsExtensionOfABuilder(type)).Select(type => type.FullName));
            foreach (var type in types.Where(type => !type.IsNested))
            {
                var files = Directory.EnumerateFiles(Path.Combine(Source, library), "*.cs")
                    .Where(file => File.ReadAllText(file).Contains(' ' + type.Name.Split('`')[0], StringComparison.Ordinal));
                Assert.True(files.Any(), $"{type.FullName} is public but not in a file at the root of {library}");
            }
        }
    }

    // Where a host looks for them: then it needs no using directive.
    private static bool IsExtensionOfABuilder(Type type) =>
        type is { IsAbstract: true, IsSealed: true } && BuilderNamespaces.Contains(type.Namespace)
        && type.Name.EndsWith("Extensions", StringComparison.Ordinal);

    private static IEnumerable<XElement> Items(string project, string kind) =>
        XDocument.Load(Path.Combine(Source, project, project + ".csproj")).Descendants(kind);
}
