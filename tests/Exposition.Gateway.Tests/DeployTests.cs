using System.Text.Json;
using System.Text.RegularExpressions;
using Exposition.Gateway.CommandLine;
using YamlDotNet.RepresentationModel;

namespace Exposition.Gateway.Tests;

/// <summary>
/// What lies in <c>deploy</c> is well-formed, and fits the program and each other. There is no container engine where tests run: images are
/// not built, and what a container does is not tried.
/// </summary>
public sealed partial class DeployTests
{
    private static readonly string s_folder = Path.Combine(Checkout.Root, "src", "Exposition.Gateway", "deploy");

    private static readonly string[] s_yaml = [.. Directory.EnumerateFiles(s_folder, "*.y*ml", SearchOption.AllDirectories).Order()];

    [Fact]
    public void Yaml_can_be_read()
    {
        Assert.InRange(s_yaml.Length, 6, 20);
        Assert.All(s_yaml, static path => Assert.IsType<YamlMappingNode>(Yaml(path)));
    }

    [Fact]
    public void The_image_runs_the_program_as_nobody_and_without_a_shell()
    {
        string[][] all = Instructions();
        string[][] last = all[(Array.FindLastIndex(all, static line => line[0] == "FROM") + 1)..];
        string Single(string instruction) => Assert.Single(last, line => line[0] == instruction)[1];
        Assert.Equal("65534:65534", Single("USER"));
        Assert.Equal("9091", Single("EXPOSE"));
        Assert.Equal(["/bin/pushgateway"], JsonSerializer.Deserialize<string[]>(Single("ENTRYPOINT"))!);
        string[] health = Single("HEALTHCHECK").Split(" CMD ");
        Assert.Equal(["/bin/pushgateway", "--check-health"], JsonSerializer.Deserialize<string[]>(health[1])!);

        // The engine waits longer than the program does, which then says why.
        Assert.True(int.Parse(Timeout().Match(health[0]).Groups[1].ValueSpan) > Flags.Parse([]).CheckHealthTimeout.TotalSeconds);
        Assert.DoesNotContain(last, static line => line[0] is "RUN" or "SHELL" or "CMD" or "ADD");
        Assert.Contains(last, static line => line[0] == "COPY" && line[1].EndsWith("/out/bin/ /bin/", StringComparison.Ordinal));
        Assert.Contains(last, line => line[0] == "COPY" && line[1].Contains("--chown=65534:65534 ", StringComparison.Ordinal)
            && line[1].EndsWith(' ' + Single("WORKDIR"), StringComparison.Ordinal));
    }

    // Of all that there is, only what is named comes into the build.
    [Fact]
    public void The_image_is_built_of_files_that_there_are()
    {
        string[] patterns = [.. File.ReadLines(PathOf("Dockerfile.dockerignore")).Where(static line => line is not ['#', ..])];
        Assert.Equal("*", patterns[0]);
        Assert.All(patterns.Where(static line => line.StartsWith('!')),
            static line => Assert.NotEmpty(Directory.GetFileSystemEntries(Checkout.Root, line[1..])));
        Assert.Contains("!src", patterns);
        Assert.Contains(Instructions(), static line => line[0] == "RUN" && line[1].StartsWith(".ci/publish ", StringComparison.Ordinal));
    }

    [Fact]
    public void Flags_in_the_files_are_flags_of_the_program()
    {
        YamlNode gateway = Yaml(PathOf("compose.yaml"))["services"]["pushgateway"];
        IEnumerable<string> unit = File.ReadLines(PathOf("pushgateway.service"))
            .Single(static line => line.StartsWith("ExecStart=", StringComparison.Ordinal)).Split(' ').Skip(1)
            .Where(static word => word != "$ARGS");
        foreach (IEnumerable<string> arguments in (IEnumerable<string>[])
            [Texts(gateway["command"]), Texts(Yaml(PathOf("helm-values.yaml"))["extraArgs"]), unit])
        {
            Assert.StartsWith("/", Flags.Parse(arguments).PersistenceFile, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_compose_file_mounts_what_there_is_and_names_only_its_own()
    {
        YamlNode compose = Yaml(PathOf("compose.yaml"));
        var services = (YamlMappingNode)compose["services"];
        Assert.Equal(["alertmanager", "grafana", "prometheus", "pushgateway"], Keys(services).Order());
        YamlNode build = compose["services"]["pushgateway"]["build"];
        Assert.True(File.Exists(Path.Combine(s_folder, Text(build["context"]), Text(build["dockerfile"]))), "no Dockerfile");
        string[] volumes = [.. Keys((YamlMappingNode)compose["volumes"])];
        foreach (YamlNode service in services.Children.Values)
        {
            Assert.All(Texts(service["ports"]), static port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
            Assert.All(Texts(service["volumes"]), volume =>
            {
                string source = volume.Split(':')[0];
                Assert.True(source[0] == '.' ? Path.Exists(PathOf(source)) : volumes.Contains(source), volume);
            });
        }

        // Who is spoken to is a service, at the port that it listens on.
        List<Match> hosts = [.. s_yaml.Where(static path => Path.GetFileName(path) != "compose.yaml"
                && !path.Contains("replicated", StringComparison.Ordinal))
            .SelectMany(static path => Host().Matches(File.ReadAllText(path)))];
        Assert.Equal(3, hosts.Count);
        foreach (Match host in hosts)
        {
            YamlNode ports = services[host.Groups[1].Value]["ports"];
            Assert.Contains(Texts(ports), port => port.EndsWith(':' + host.Groups[2].Value, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Prometheus_takes_its_configuration()
    {
        string promtool = Tool.Require("promtool", "prometheus");
        string folder = Directory.CreateTempSubdirectory("exposition-prometheus").FullName;
        try
        {
            // As the container has them: in one folder.
            File.Copy(PathOf("prometheus.yml"), Path.Combine(folder, "prometheus.yml"));
            File.Copy(PathOf("../monitoring/rules.yml"), Path.Combine(folder, "rules.yml"));
            await Tool.SucceedAsync(promtool, ["check", "config", Path.Combine(folder, "prometheus.yml")]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Alertmanager_takes_its_configuration() =>
        await Tool.SucceedAsync(Tool.Require("amtool", "prometheus-alertmanager"), ["check-config", PathOf("alertmanager.yml")]);

    [Fact]
    public void The_dashboard_and_its_source_find_each_other()
    {
        JsonElement dashboard = MonitoringTests.Dashboard();
        string source = Text(((YamlSequenceNode)Yaml(PathOf("grafana/provisioning/datasources/prometheus.yaml"))["datasources"])[0]["uid"]);
        List<string> asked = [.. Descendants(dashboard).Where(static found => found.Name == "datasource")
            .Select(static found => found.Value.GetProperty("uid").GetString()!)];
        Assert.NotEmpty(asked);
        Assert.All(asked, uid => Assert.Equal(source, uid));
        var ids = dashboard.GetProperty("panels").EnumerateArray().Select(static panel => panel.GetProperty("id").GetInt32()).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());

        YamlNode provider = ((YamlSequenceNode)Yaml(PathOf("grafana/provisioning/dashboards/pushgateway.yaml"))["providers"])[0];
        string path = Text(provider["options"]["path"]);
        Assert.Contains($"../monitoring/dashboards:{path}:ro", Texts(Yaml(PathOf("compose.yaml"))["services"]["grafana"]["volumes"]));
    }

    [Fact]
    public async Task The_unit_is_taken_by_systemd()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "systemd-analyze is not installed (Debian: systemd)");
        string folder = Directory.CreateTempSubdirectory("exposition-unit").FullName;
        try
        {
            // With a program that there is.
            string unit = Path.Combine(folder, "pushgateway.service");
            string text = await File.ReadAllTextAsync(PathOf("pushgateway.service"));
            await File.WriteAllTextAsync(unit, text.Replace("=/usr/bin/pushgateway ", "=/bin/true ", StringComparison.Ordinal));
            ToolResult result = await Tool.RunAsync("/usr/bin/systemd-analyze", ["verify", unit]);

            // Of other units of the machine it may have something to say.
            IEnumerable<string> faults = result.Errors.Split('\n')
                .Where(static line => line.Contains("pushgateway", StringComparison.Ordinal));
            Assert.Equal((0, ""), (result.ExitCode, string.Join('\n', faults)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string PathOf(string name) => Path.GetFullPath(Path.Combine(s_folder, name));

    private static YamlNode Yaml(string path)
    {
        var stream = new YamlStream();
        using var text = new StreamReader(path);
        stream.Load(text);
        return Assert.Single(stream.Documents).RootNode;
    }

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static IEnumerable<string> Texts(YamlNode node) => ((YamlSequenceNode)node).Select(Text);

    private static IEnumerable<string> Keys(YamlMappingNode node) => node.Children.Keys.Select(Text);

    // Instruction and the rest, with lines that go on joined.
    private static string[][] Instructions() => [.. File.ReadAllText(PathOf("Dockerfile"))
        .Replace("\\\n", "", StringComparison.Ordinal).Split('\n').Where(static line => line.Length > 0 && line[0] != '#')
        .Select(static line => line.Split(' ', 2))];

    private static IEnumerable<JsonProperty> Descendants(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(static found => Descendants(found.Value).Prepend(found)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Descendants),
        _ => [],
    };

    [GeneratedRegex(@"--timeout=(\d+)s")]
    private static partial Regex Timeout();

    [GeneratedRegex(@"(?<=[""/])([a-z]+):(\d{4,5})\b")]
    private static partial Regex Host();
}
