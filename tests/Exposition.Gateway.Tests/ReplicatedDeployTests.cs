using System.Text.RegularExpressions;
using Exposition.Gateway.CommandLine;
using YamlDotNet.RepresentationModel;

namespace Exposition.Gateway.Tests;

/// <summary>The compose file of several gateways fits the program, its engine, and what stands around them.</summary>
public sealed partial class ReplicatedDeployTests
{
    private static readonly string s_folder = Path.Combine(Checkout.Root, "src", "Exposition.Gateway", "deploy");
    private static readonly string[] s_engine = ["nats-1", "nats-2", "nats-3"];
    private static readonly string[] s_gateways = ["pushgateway-1", "pushgateway-2"];

    private static YamlMappingNode Compose { get; } = (YamlMappingNode)Yaml("compose.replicated.yaml");

    private static YamlMappingNode Services => (YamlMappingNode)Compose["services"];

    [Fact]
    public void Gateways_have_their_own_copy_and_one_engine()
    {
        Assert.Equal([.. s_engine, .. s_gateways, "balancer", "prometheus"], Services.Children.Keys.Select(Text));
        foreach (string name in s_gateways)
        {
            Flags flags = Flags.Parse(Texts(Of(name, "command")));
            Assert.Equal(
                s_engine.Select(static server => $"nats://{server}:4222"), flags.Replication.Urls.Select(static url => url.OriginalString));
            Assert.StartsWith("/pushgateway/", flags.PersistenceFile, StringComparison.Ordinal);
            Assert.Equal("/self", flags.SelfMetricsPath);
        }

        string[] disks = [.. s_gateways.Select(static name => Assert.Single(Texts(Of(name, "volumes"))))];
        Assert.Equal(disks.Length, disks.Distinct().Count());
    }

    [Fact]
    public void It_mounts_what_there_is_and_listens_for_this_machine_only()
    {
        string[] volumes = [.. ((YamlMappingNode)Compose["volumes"]).Children.Keys.Select(Text)];
        foreach (string name in Services.Children.Keys.Select(Text))
        {
            Assert.All(Texts(Of(name, "volumes")), volume =>
            {
                string source = volume.Split(':')[0];
                Assert.True(source[0] == '.' ? Path.Exists(Path.Combine(s_folder, source)) : volumes.Contains(source), volume);
            });
        }

        Assert.All(new[] { "balancer", "prometheus" }.SelectMany(static name => Texts(Of(name, "ports"))),
            static port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nats.conf", "nats-1:6222", "nats-2:6222", "nats-3:6222")]
    [InlineData("haproxy.cfg", "pushgateway-1:9091", "pushgateway-2:9091")]
    [InlineData("prometheus.yml", "balancer:9091", "pushgateway-1:9091", "pushgateway-2:9091")]
    public void Who_is_spoken_to_is_a_service(string file, params string[] hosts) => Assert.Equal(
        hosts, Host().Matches(File.ReadAllText(Path.Combine(s_folder, "replicated", file)))
            .Select(static match => match.Value).Distinct().Order());

    [Fact]
    public async Task Prometheus_takes_its_configuration()
    {
        string promtool = Tool.Require("promtool", "prometheus");
        string folder = Directory.CreateTempSubdirectory("exposition-prometheus").FullName;
        try
        {
            File.Copy(Path.Combine(s_folder, "replicated", "prometheus.yml"), Path.Combine(folder, "prometheus.yml"));
            File.Copy(Path.Combine(s_folder, "../monitoring/rules.yml"), Path.Combine(folder, "rules.yml"));
            await Tool.SucceedAsync(promtool, ["check", "config", Path.Combine(folder, "prometheus.yml")]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_engine_takes_its_configuration()
    {
        string file = Path.Combine(s_folder, "replicated", "nats.conf");
        ToolResult result = await Tool.RunAsync(
            NatsServer.Require(), ["-t", "-c", file], environment: new Dictionary<string, string> { ["SERVER_NAME"] = "nats-1" });
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.Contains("sync_interval: always", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
    }

    // Its own, or of what it is merged with.
    private static YamlNode Of(string service, string key)
    {
        var own = (YamlMappingNode)Services[service];
        return own.Children.TryGetValue(key, out YamlNode? node) ? node : own["<<"][key];
    }

    private static YamlNode Yaml(string name)
    {
        var stream = new YamlStream();
        using var text = new StreamReader(Path.Combine(s_folder, name));
        stream.Load(text);
        return Assert.Single(stream.Documents).RootNode;
    }

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static IEnumerable<string> Texts(YamlNode node) => ((YamlSequenceNode)node).Select(Text);

    [GeneratedRegex(@"\b(?:nats-\d|pushgateway-\d|balancer):\d{4}\b")]
    private static partial Regex Host();
}
