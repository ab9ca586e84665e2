using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;

namespace Exposition.Gateway.Tests;

/// <summary>What is packed is complete, holds nothing else, and can be used by somebody who has only the packages.</summary>
[Collection(Builds.Name)]
public sealed class PackageTests(Packages packages) : IClassFixture<Packages>
{
    private static readonly string[] s_libraries = [.. Directory.EnumerateDirectories(Path.Combine(Checkout.Root, "src"), "Exposition.*")
        .Select(static path => Path.GetFileName(path)).Where(static name => name != "Exposition.Gateway").Order()];

    [Fact]
    public void A_page_has_all_that_it_shows() => Assert.All(packages.All, entry =>
    {
        (string project, Package package) = entry;
        Assert.Equal(project == "Exposition.Gateway" ? "pushgateway" : project, package.Text("id"));
        Assert.Equal(packages.Version, package.Text("version"));
        Assert.StartsWith("0.", package.Text("version"), StringComparison.Ordinal);
        Assert.Equal(("expression", "Apache-2.0"), (package.Element("license").Attribute("type")!.Value, package.Text("license")));
        Assert.InRange(package.Text("description").Length, 60, 300);
        string[] tags = package.Text("tags").Split(' ');
        Assert.Contains("prometheus", tags);
        Assert.Equal(tags.Length, tags.Distinct().Count());
        Assert.Equal(File.ReadAllText(Path.Combine(Checkout.Root, "src", project, "README.md")),
            Encoding.UTF8.GetString(package.Read(package.Text("readme"))));

        byte[] icon = package.Read(package.Text("icon"));
        Assert.True(icon.AsSpan(1).StartsWith("PNG"u8), "no PNG");
        Assert.Equal([128, 128], new[] { 16, 20 }.Select(at => BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(at))));
        Assert.InRange(icon.Length, 100, 3000);
    });

    // The address is that of the remote; a clone of a local one has none, and then says the commit alone.
    [Fact]
    public void A_package_says_of_which_commit_it_is() => Assert.All(packages.All.Values, static package =>
    {
        Assert.SkipUnless(Path.Exists(Path.Combine(Checkout.Root, ".git")), "the sources are not in a git repository");
        XElement repository = package.Element("repository");
        Assert.Equal("git", repository.Attribute("type")!.Value);
        Assert.Matches("^[0-9a-f]{40}$", repository.Attribute("commit")!.Value);
    });

    [Fact]
    public void A_library_is_an_assembly_and_its_documentation() => Assert.All(s_libraries, name =>
    {
        Package package = packages.All[name];
        Assert.Equal([$"{name}.nuspec", "README.md", "icon.png", $"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml"], package.Files);
        using var assembly = new PEReader([.. package.Read($"lib/net10.0/{name}.dll")]);
        Assert.Contains(assembly.ReadDebugDirectory(), static entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb);
        XDocument documentation = XDocument.Parse(Encoding.UTF8.GetString(package.Read($"lib/net10.0/{name}.xml")));
        Assert.NotEmpty(documentation.Descendants("member"));
    });

    // Whoever packs: a checkout of a remote, a clone of a local one, sources without git.
    [Fact]
    public void Symbols_name_sources_by_their_place_in_the_repository() => Assert.All(s_libraries, name =>
    {
        using var assembly = new PEReader([.. packages.All[name].Read($"lib/net10.0/{name}.dll")]);
        ImmutableArray<DebugDirectoryEntry> entries = assembly.ReadDebugDirectory();
        DebugDirectoryEntry view = entries.Single(static entry => entry.Type == DebugDirectoryEntryType.CodeView);
        DebugDirectoryEntry embedded = entries.Single(static entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb);
        using MetadataReaderProvider symbols = assembly.ReadEmbeddedPortablePdbDebugDirectoryData(embedded);
        MetadataReader reader = symbols.GetMetadataReader();
        string[] sources = [.. reader.Documents.Select(handle => reader.GetString(reader.GetDocument(handle).Name))];
        Assert.Contains(sources, source => source.StartsWith($"/_/src/{name}/", StringComparison.Ordinal));
        Assert.All(sources.Append(assembly.ReadCodeViewDebugDirectoryData(view).Path).Where(Path.IsPathRooted),
            static path => Assert.StartsWith("/_", path, StringComparison.Ordinal));
    });

    [Fact]
    public void Our_packages_fit_those_of_their_own_version_only()
    {
        var own = packages.All.Values.SelectMany(static package => package.Dependencies)
            .Where(static dependency => dependency.Key.StartsWith("Exposition.", StringComparison.Ordinal)).ToList();
        Assert.True(own.Count >= 3, "dependencies were not found");
        Assert.All(own, dependency => Assert.Equal($"[{packages.Version}]", dependency.Value));
        Assert.Empty(packages.All["Exposition.Formats"].Dependencies);
    }

    [Fact]
    public void The_tool_is_the_program_and_what_it_needs()
    {
        const string Folder = "tools/net10.0/any/";
        Package tool = packages.All["Exposition.Gateway"];
        XDocument settings = XDocument.Parse(Encoding.UTF8.GetString(tool.Read(Folder + "DotnetToolSettings.xml")).TrimStart('\uFEFF'));
        XElement command = Assert.Single(settings.Descendants("Command"));
        Assert.Equal(("pushgateway", "pushgateway.dll"), (command.Attribute("Name")!.Value, command.Attribute("EntryPoint")!.Value));
        Assert.Equal(["README.md", "icon.png", "pushgateway.nuspec"],
            tool.Files.Where(static name => !name.StartsWith(Folder, StringComparison.Ordinal)));
        string[] files = [.. tool.Files.Where(static name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(static name => name[Folder.Length..])];
        Assert.Contains("pushgateway.dll", files);
        Assert.Contains("runtimes/linux-x64/native/libe_sqlite3.so", files);
        Assert.Equal(["DotnetToolSettings.xml", "pushgateway.deps.json", "pushgateway.runtimeconfig.json"],
            files.Where(static name => Path.GetExtension(name) != ".dll" && !name.Contains("e_sqlite3.", StringComparison.Ordinal)));
    }

    /// <summary>The samples, with packages in the place of projects.</summary>
    [Theory]
    [MemberData(nameof(Samples.Names), MemberType = typeof(Samples))]
    public async Task A_sample_is_compiled_with_packages_alone(string sample)
    {
        string folder = packages.NewConsumer(sample + "-consumer");
        string source = Samples.Read(sample).Replace("#:project ../Exposition.", "#:package Exposition.", StringComparison.Ordinal);
        string[] lines = [.. source.Split('\n')
            .Select(line => line.StartsWith("#:package Exposition.", StringComparison.Ordinal) ? $"{line}@{packages.Version}" : line)];
        Assert.DoesNotContain(lines, static line => line.StartsWith("#:project", StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.StartsWith("#:package", StringComparison.Ordinal));
        await BuildAsync(folder, string.Join('\n', lines));
    }

    /// <summary>The code of the page of Exposition.Testing, copied into the project of somebody whose warnings are errors.</summary>
    [Fact]
    public async Task The_tests_of_a_page_are_built_without_a_warning_and_pass_with_packages_alone()
    {
        string folder = packages.NewConsumer("tests");
        await File.WriteAllTextAsync(Path.Combine(folder, "consumer.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <OutputType>Exe</OutputType>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Exposition.Testing" Version="{packages.Version}" />
                <PackageReference Include="xunit.v3" Version="{Packages.VersionOf("xunit.v3")}" />
              </ItemGroup>
            </Project>

            """);
        string[] shown = [.. ReadmeSamples.Of("src/Exposition.Testing/README.md")];
        await File.WriteAllTextAsync(Path.Combine(folder, "PageTests.cs"), $$"""
            using Exposition.Testing;
            using Xunit;

            public sealed class PageTests
            {
                [Fact]
                public async Task Of_a_job()
                {
                    {{shown[0]}}
                }

                [Fact]
                public async Task Of_an_application()
                {
                    await using TestGateway application = await TestGateway.StartAsync(
                        cancellationToken: TestContext.Current.CancellationToken);
                    using var client = new HttpClient { BaseAddress = application.Uri };
                    await PushAsync(client, "metrics/job/a", "http_requests_received_total{code=\"200\"} 1\n",
                        TestContext.Current.CancellationToken);
                    {{shown[1]}}
                }

                private static async Task RunTheJobAsync(Uri gateway, CancellationToken cancellation)
                {
                    using var client = new HttpClient { BaseAddress = gateway };
                    await PushAsync(client, "metrics/job/nightly_backup/path@base64/L3Nydg", "backup_rows 3\n", cancellation);
                }

                private static async Task PushAsync(HttpClient client, string path, string body, CancellationToken cancellation)
                {
                    using HttpResponseMessage answer = await client.PutAsync(path, new StringContent(body), cancellation);
                    answer.EnsureSuccessStatusCode();
                }
            }

            """);
        string output = await SucceedAsync("build", folder, "-nologo", "-v", "quiet");
        Assert.DoesNotContain(": warning ", output, StringComparison.Ordinal);
        output = await SucceedAsync(Directory.GetFiles(folder, "consumer.dll", SearchOption.AllDirectories)
            .First(static path => path.Contains("/bin/", StringComparison.Ordinal)));
        Assert.Contains("Total: 2, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_keeps_a_store_on_disk_with_packages_alone()
    {
        string folder = packages.NewConsumer("persistence");
        string program = await BuildAsync(folder, $$"""
            #:package Exposition.Persistence@{{packages.Version}}
            using Exposition.Engine;
            using Exposition.Persistence;

            var store = new MetricStore(new StoreOptions());
            store.Push(GroupingKey.Create(("job", "backup")), PushFormat.Text, "rows 3\n"u8.ToArray(), PushMode.Replace);
            Console.WriteLine(DurableSnapshot.Write(args[0], store));

            """);
        Assert.Equal("1\n", await SucceedAsync("run", "--no-build", program, "--", Path.Combine(folder, "state.db")));
        Assert.True(new FileInfo(Path.Combine(folder, "state.db")).Length > 0);
    }

    [Fact]
    public async Task The_tool_is_installed_and_runs()
    {
        string folder = packages.NewConsumer("tool");
        string tools = Path.Combine(folder, "tools");
        await SucceedAsync("tool", "install", "pushgateway", "--version", packages.Version, "--tool-path", tools, "--configfile",
            Path.Combine(folder, "NuGet.config"));
        Assert.StartsWith($"pushgateway, version {packages.Version} (",
            await Tool.SucceedAsync(Path.Combine(tools, "pushgateway"), ["--version"]), StringComparison.Ordinal);
    }

    private async Task<string> BuildAsync(string folder, string source)
    {
        string program = Path.Combine(folder, "program.cs");
        await File.WriteAllTextAsync(program, source);
        string output = await SucceedAsync("build", program, "-nologo", "-v", "quiet", "-p:NuGetAudit=false");
        Assert.DoesNotContain("warning", output, StringComparison.OrdinalIgnoreCase);
        return program;
    }

    private async Task<string> SucceedAsync(params string[] arguments)
    {
        ToolResult result = await Tool.RunAsync("dotnet", arguments, environment: packages.Environment);
        Assert.True(result.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}: {result.Output}{result.Errors}");
        return result.Output;
    }
}
