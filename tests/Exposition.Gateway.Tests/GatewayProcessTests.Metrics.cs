using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Exposition.Gateway.Tests;

public partial class GatewayProcessTests
{
    /// <summary>A program that has all switched on, and has seen each kind of request, shows what metrics.md lists.</summary>
    [Fact]
    public async Task Metrics_are_those_of_the_document()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "there is no /proc");
        string directory = Directory.CreateTempSubdirectory("exposition-metrics").FullName;
        try
        {
            string config = Path.Combine(directory, "web.yml");
            await File.WriteAllTextAsync(config, "tls_server_config: { cert_file: pair.pem, key_file: pair.pem }\n");
            await File.WriteAllTextAsync(Path.Combine(directory, "pair.pem"), SelfSigned());
            string state = Path.Combine(directory, "state");
            using Gateway gateway = await Gateway.StartAsync(
                "--persistence.file=" + state, "--web.config.file=" + config, "--push.expect={job=\"j\"}=1h",
                "--web.self-metrics-path=/self", "--web.enable-otlp");
            gateway.SpeakTls();
            string first = await gateway.Client.GetStringAsync("self");
            await Tool.SucceedAsync(Tool.Require("promtool", "prometheus"), ["check", "metrics"], Encoding.UTF8.GetBytes(first));
            foreach (HttpMethod method in new[] { HttpMethod.Put, HttpMethod.Post })
            {
                using var push = new HttpRequestMessage(method, "metrics/job/j") { Content = new StringContent("a 1\n") };
                push.Headers.Add("Exposition-Expire-After", "1ms");
                Assert.Equal(HttpStatusCode.OK, (await gateway.Client.SendAsync(push)).StatusCode);
            }

            await gateway.Client.GetStringAsync("-/healthy");
            string last;
            using var patience = new CancellationTokenSource(s_patience);
            do
            {
                last = await gateway.Client.GetStringAsync("self", patience.Token)
                    + await gateway.Client.GetStringAsync("metrics", patience.Token);
            }
            while (!last.Contains("\npush_expired{", StringComparison.Ordinal));

            // One of several, which has yet to find the others.
            using Gateway one = await Gateway.StartAsync("--replication.url=nats://127.0.0.1:1");
            string replicated = await one.Client.GetStringAsync("metrics");
            IEnumerable<Family> all = Families(last).Concat(Families(replicated)
                .Where(static family => family.Name.StartsWith("pushgateway_replication_", StringComparison.Ordinal)));
            DocumentPart.IsCurrent("metrics.md", "metrics",
            [
                "| name | type | labels | help |", "|---|---|---|---|",
                .. all.OrderBy(static family => family.Name, StringComparer.Ordinal)
                    .Select(static family => $"| `{family.Name}` | {family.Type} | {Labels(family)} | {family.Help} |"),
            ]);
            DocumentPart.IsCurrent("metrics.md", "label values",
                ["| family, label | values |", "|---|---|", .. Families(first).SelectMany(Values)]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static IEnumerable<Family> Families(string scrape) =>
        from block in scrape.Split("# HELP ", StringSplitOptions.RemoveEmptyEntries)
        let lines = block.Split('\n')
        let name = lines[0].Split(' ')[0]
        where name.StartsWith("push", StringComparison.Ordinal) || name.StartsWith("process_", StringComparison.Ordinal)
            || name.StartsWith("dotnet_", StringComparison.Ordinal)
        let labels = lines.Skip(2).SelectMany(static line => Label().Matches(line))
        select new Family(name, lines[1].Split(' ')[3], lines[0][(name.Length + 1)..],
            [.. labels.Select(static label => (label.Groups[1].Value, label.Groups[2].Value))]);

    private static string Labels(Family family) =>
        family.Name.StartsWith("push_", StringComparison.Ordinal)
            ? "those of the group"
            : string.Join(", ", family.Labels.Select(static label => $"`{label.Name}`").Distinct());

    private static IEnumerable<string> Values(Family family) =>
        from label in family.Labels
        where family.Type == "counter" && s_labels.Contains(label.Name) || label.Name == "limit"
        group label.Value by label.Name into values
        select $"| `{family.Name}`, `{values.Key}` | {string.Join(", ", values.Distinct().Select(static value => $"`{value}`"))} |";

    /// <summary>A pushed family of a name that has become the program's own is stored, and hidden where it contradicts that.</summary>
    [Theory]
    [InlineData("dotnet_gc_heap_bytes", "counter", true)]
    [InlineData("process_threads", "counter", false)]
    [InlineData("process_threads", "gauge", true)]
    [InlineData("pushgateway_groups_failed", "counter", false)]
    [InlineData("pushgateway_scrape_duration_seconds", "gauge", false)]
    public async Task A_pushed_family_of_an_own_name_is_taken(string name, string type, bool isShown)
    {
        using Gateway gateway = await Gateway.StartAsync();
        using var content = new StringContent($"# TYPE {name} {type}\n{name} 123456\nother 1\n");
        Assert.Equal(HttpStatusCode.OK, (await gateway.Client.PutAsync("metrics/job/j", content)).StatusCode);
        string scrape = await gateway.Client.GetStringAsync("metrics");
        Assert.Contains("\nother{instance=\"\",job=\"j\"} 1\n", scrape, StringComparison.Ordinal);
        Assert.Equal(isShown, scrape.Contains($"\n{name}{{instance=\"\",job=\"j\"}} 123456\n", StringComparison.Ordinal));
        Assert.Contains($"\npushgateway_families_hidden {(isShown ? 0 : 1)}\n", scrape, StringComparison.Ordinal);
        Assert.Equal(1, scrape.Split($"# TYPE {name} ").Length - 1);
    }

    [Fact]
    public async Task Own_metrics_of_all_kinds_move_to_their_path()
    {
        using Gateway gateway = await Gateway.StartAsync("--web.self-metrics-path=/self");
        Assert.Equal("", await gateway.Client.GetStringAsync("metrics"));
        string own = await gateway.Client.GetStringAsync("self");
        foreach (string name in (string[])["dotnet_gc_heap_bytes", "process_threads", "pushgateway_groups", "pushgateway_log_lines_total",
            "pushgateway_limit", "pushgateway_scrape_duration_seconds"])
        {
            Assert.Contains($"# HELP {name} ", own, StringComparison.Ordinal);
        }

        // Of the store, not of the own path.
        Assert.Contains(
            "pushgateway_scrapes_total{encoding=\"identity\",format=\"text\",outcome=\"sent\"} 1\n", own,
            StringComparison.Ordinal);
        Assert.Contains("\npushgateway_scrapes_in_progress 0\n", own, StringComparison.Ordinal);
    }

    private static readonly string[] s_labels = ["door", "encoding", "end", "format", "generation", "level", "limit", "outcome", "reason"];

    private static string SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using X509Certificate2 signed = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    private sealed partial class Gateway
    {
        /// <summary>From now on, with whatever certificate it shows.</summary>
        public void SpeakTls()
        {
            var address = new UriBuilder(Client.BaseAddress!) { Scheme = "https" };
            Client.Dispose();
            var handler = new SocketsHttpHandler();
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, shown, _, _) => shown?.Subject == "CN=localhost";
            Client = new HttpClient(handler) { BaseAddress = address.Uri };
        }
    }

    private sealed record Family(string Name, string Type, string Help, List<(string Name, string Value)> Labels);

    [GeneratedRegex("([a-z_]+)=\"([^\"]*)\"")]
    private static partial Regex Label();
}
