using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Exposition.Formats;

namespace Exposition.Gateway.Tests;

/// <summary>
/// The samples are compiled and run as they lie in the tree, with its projects, or compiled ahead of time (<see cref="SampleProgram"/>).
/// PackageTests compile them with packages.
/// </summary>
[Collection(Builds.Name)]
public sealed class SamplesTests : IDisposable
{
    private static readonly TimeSpan s_answerLimit = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-samples").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_file_with_most_series_is_read()
    {
        SampleProgram sample = await SampleProgram.BuildAsync("read-a-file");
        string good = Write("good", "# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 2\nb 3\n");
        ToolResult result = await sample.RunAsync(good);
        Assert.Equal(new ToolResult(0, "       2 a\n       1 b\n", ""), result);
        string bad = Write("bad", "a 1\nb x\n");
        result = await sample.RunAsync(bad);
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains("line 2", result.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await sample.RunAsync()).ExitCode);
    }

    [Fact]
    public async Task The_minimal_host_takes_pushes_and_shows_them()
    {
        (ChildProcess host, HttpClient client) = await StartAsync("minimal-host", "");
        await using (host)
        using (client)
        {
            Assert.Equal(HttpStatusCode.OK, await PushAsync(client));
            string scrape = await client.GetStringAsync("metrics");
            Assert.Contains("rows{instance=\"\",job=\"backup\"} 3\n", scrape, StringComparison.Ordinal);
            Assert.Contains("pushgateway_engine_requests_total{door=\"raw\"} ", scrape, StringComparison.Ordinal);
            Assert.DoesNotContain("pushgateway_engine_requests_total{door=\"raw\"} 0\n", scrape, StringComparison.Ordinal);
            Assert.Equal(0, await host.StopAsync());
        }
    }

    [Fact]
    public async Task The_host_with_authorization_asks_for_its_key()
    {
        (ChildProcess host, HttpClient client) = await StartAsync("host-with-authorization", "healthz", "--key", "s3cret");
        await using (host)
        using (client)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await PushAsync(client));
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("metrics")).StatusCode);
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "s3cret2");
            Assert.Equal(HttpStatusCode.Unauthorized, await PushAsync(client));
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "s3cret");
            Assert.Equal(HttpStatusCode.OK, await PushAsync(client));
            Assert.Contains("rows{instance=\"\",job=\"backup\"} 3\n", await client.GetStringAsync("metrics"), StringComparison.Ordinal);
            Assert.Equal(0, await host.StopAsync());
        }
    }

    [Fact]
    public async Task Two_engines_keep_what_is_pushed_apart_over_a_restart()
    {
        (ChildProcess host, HttpClient client) = await StartAsync(
            "two-engines", "healthz", "--state", _directory, "--Batch:MaxGroups", "1");
        await using (host)
        using (client)
        {
            Assert.Equal(HttpStatusCode.OK, await PushAsync(client, "batch/"));
            Assert.Equal(HttpStatusCode.InsufficientStorage, await PushAsync(client, "batch/", job: "other"));
            Assert.Equal(HttpStatusCode.OK, await PushAsync(client, "edge/", job: "other"));
            Assert.Equal(0, await host.StopAsync());
        }

        (host, client) = await StartAsync("two-engines", "healthz", "--state", _directory);
        await using (host)
        using (client)
        {
            string batch = await client.GetStringAsync("batch/metrics");
            Assert.Contains("rows{instance=\"\",job=\"backup\"} 3\n", batch, StringComparison.Ordinal);
            Assert.DoesNotContain("job=\"other\"", batch, StringComparison.Ordinal);
            Assert.Contains("rows{instance=\"\",job=\"other\"} 3\n", await client.GetStringAsync("edge/metrics"), StringComparison.Ordinal);
            Assert.Equal(0, await host.StopAsync());
        }
    }

    [Fact]
    public async Task Settings_of_a_file_hold()
    {
        Write("appsettings.json", """
            {
              "Batch": {
                "MaxGroups": 3,
                "MaxStoredBytes": "50000000",
                "MaxBodyBytes": 2000,
                "BodyTimeout": "2s",
                "IdleTimeout": "00:02:00",
                "Names": "utf8",
                "ExpireAfter": [ "{job=~\"spark.*\"}=1ms", "26h" ]
              }
            }
            """);
        (ChildProcess host, HttpClient client) = await StartAsync(
            "two-engines", "healthz", "--contentRoot", _directory, "--state", _directory);
        await using (host)
        using (client)
        {
            string scrape = await client.GetStringAsync("batch/metrics");
            Assert.Contains("pushgateway_limit_value{limit=\"groups\"} 3\n", scrape, StringComparison.Ordinal);
            Assert.Contains("pushgateway_limit_value{limit=\"stored-bytes\"} 5e+07\n", scrape, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, await PushAsync(client, "batch/", job: "spark1"));
            Assert.Equal(HttpStatusCode.OK, await PushAsync(client, "batch/", job: "other"));
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge,
                (await client.PutAsync("batch/metrics/job/large", new StringContent(new string('#', 3000) + "\n"))).StatusCode);
            string after = await ScrapeUntilAsync(client, "batch/metrics", "pushgateway_group_expiries_total 1\n");
            Assert.DoesNotContain("rows{instance=\"\",job=\"spark1\"}", after, StringComparison.Ordinal);
            Assert.Contains("rows{instance=\"\",job=\"other\"} 3\n", after, StringComparison.Ordinal);
            string edge = await client.GetStringAsync("edge/metrics");
            Assert.DoesNotContain("pushgateway_limit_value{limit=\"groups\"} 3\n", edge, StringComparison.Ordinal);
            Assert.StartsWith("HTTP/1.1 408 ", await PushHalfAsync(client.BaseAddress!), StringComparison.Ordinal);
            Assert.Equal(0, await host.StopAsync());
        }
    }

    [Fact]
    public async Task All_that_is_wrong_in_a_file_of_settings_ends_the_start_in_one_message()
    {
        Write("appsettings.json", """
            {
              "Batch": {
                "MaxGroups": "many",
                "MaxGruops": 3,
                "BodyTimeout": "2 minutes",
                "MaxHeaders": -1,
                "ExpireAfter": [ "{job=spark}=1m" ]
              }
            }
            """);
        SampleProgram sample = await SampleProgram.BuildAsync("two-engines");
        ToolResult result = await sample.RunAsync(
            "--urls", "http://127.0.0.1:0", "--contentRoot", _directory, "--state", _directory);
        Assert.NotEqual(0, result.ExitCode);
        string line = Assert.Single((result.Output + result.Errors).Split('\n').Select(static line => line.Trim()).Distinct(),
            static line => line.Contains("OptionsValidationException: ", StringComparison.Ordinal)
                && !line.StartsWith("at ", StringComparison.Ordinal));
        foreach (string wrong in new[]
        {
            "Batch:MaxGroups=many: expected a whole number", "Batch:MaxGruops: there is no such setting", "Batch:BodyTimeout=2 minutes: ",
            "engine batch: ExpositionOptions.MaxHeaders is -1: expected 0, for no", "Batch:ExpireAfter: {job=spark}=1m: ",
        })
        {
            Assert.Contains(wrong, line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_worker_writes_what_it_stores()
    {
        SampleProgram sample = await SampleProgram.BuildAsync("worker");
        string path = Path.Combine(_directory, "worker.prom");
        Assert.Equal(new ToolResult(0, "42 rows\n", ""), await sample.RunAsync(path));
        Assert.Contains("rows{instance=\"db1\",job=\"import\",table=\"users\"} 42\n", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("job",
        "job_success{instance=\"\",job=\"nightly_backup\",path=\"/srv/data\"} 1\n",
        "job=\"nightly_backup\",path=\"/srv/data\",table=\"users\"} 42\n")]
    [InlineData("job-with-opentelemetry",
        "backup_rows_total{instance=\"\",job=\"nightly_backup\",otel_scope_name=\"Backup\",table=\"users\"} 42\n",
        "backup_table_duration_seconds_count{instance=\"\",job=\"nightly_backup\",otel_scope_name=\"Backup\",table=\"users\"} 1\n")]
    [InlineData("job-with-prometheus-net",
        "# HELP backup_rows_total Rows that were copied.\n",
        "backup_rows_total{instance=\"\",job=\"nightly_backup\",path=\"/srv/data\",table=\"users\"} 42\n")]
    public async Task A_job_pushes_what_it_has_to_say(string name, params string[] lines)
    {
        (ChildProcess host, HttpClient client) = await StartAsync("minimal-host", "");
        await using (host)
        using (client)
        {
            SampleProgram sample = await SampleProgram.BuildAsync(name);
            string gateway = client.BaseAddress!.ToString();
            Assert.Equal(new ToolResult(0, "", ""), await sample.RunAsync(gateway));
            string scrape = await client.GetStringAsync("metrics");
            Assert.All(lines, line => Assert.Contains(line, scrape, StringComparison.Ordinal));
            Assert.Equal(0, await host.StopAsync());
        }
    }

    [Theory]
    [InlineData("text", "text/plain")]
    [InlineData("openmetrics", "application/openmetrics-text")]
    [InlineData("protobuf", "application/vnd.google.protobuf")]
    public async Task What_is_written_is_read(string format, string contentType)
    {
        SampleProgram sample = await SampleProgram.BuildAsync("write-a-file");
        string path = Path.Combine(_directory, format);
        ToolResult result = await sample.RunAsync(path, format);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.StartsWith(contentType, result.Output, StringComparison.Ordinal);
        IReadOnlyList<MetricSample> samples = ExpositionText.Parse(File.ReadAllBytes(path), result.Output.Trim(), null);
        Assert.Equal(17, samples.First(static s => s.Name == "http_requests_total").Value);
        Assert.Equal(18, samples.First(static s => s.Name == "request_seconds_count").Value);
    }

    [Fact]
    public async Task The_test_of_a_job_sees_what_it_pushes()
    {
        SampleProgram sample = await SampleProgram.BuildAsync("test-a-job");
        ToolResult result = await sample.RunAsync();
        Assert.Equal(new ToolResult(0, "PUT of import, rows 3, after 503\n", ""), result);
    }

    private static async Task<HttpStatusCode> PushAsync(HttpClient client, string prefix = "", string job = "backup") =>
        (await client.PutAsync($"{prefix}metrics/job/{job}", new StringContent("rows 3\n"))).StatusCode;

    private static async Task<(ChildProcess Host, HttpClient Client)> StartAsync(string sample, string ready, params string[] arguments) =>
        await (await SampleProgram.BuildAsync(sample)).StartHostAsync(ready, arguments);

    // A push whose body never comes.
    private static async Task<string> PushHalfAsync(Uri address)
    {
        using var client = new TcpClient(address.Host, address.Port);
        await client.GetStream().WriteAsync("PUT /batch/metrics/job/half HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nrow"u8.ToArray());
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadLineAsync().WaitAsync(s_answerLimit) ?? "";
    }

    private static async Task<string> ScrapeUntilAsync(HttpClient client, string path, string line)
    {
        for (int i = 0; i < 3000; i++)
        {
            string scrape = await client.GetStringAsync(path);
            if (scrape.Contains(line, StringComparison.Ordinal))
            {
                return scrape;
            }

            await Task.Delay(10);
        }

        throw new TimeoutException("no scrape had " + line);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }
}
