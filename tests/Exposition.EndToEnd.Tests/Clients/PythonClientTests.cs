namespace Exposition.EndToEnd.Tests.Clients;

/// <summary>The Python client as Debian packages it, in Debian's own interpreter.</summary>
public sealed class PythonClientTests(GatewayProcess gateway) : IClassFixture<GatewayProcess>
{
    private const string Interpreter = "/usr/bin/python3";

    [Fact]
    public async Task Push_to_gateway_replaces_the_group()
    {
        await PythonAsync("""
            registry = CollectorRegistry()
            Gauge('py_last_success', 'Last time it went well', registry=registry).set(1234.5)
            Counter('py_rows', 'Rows "read" from C:\\tmp', ['table'], registry=registry).labels('users').inc(3)
            push_to_gateway(gateway, job='py_push', registry=registry)
            second = CollectorRegistry()
            Gauge('py_other', 'Something else', registry=second).set(-0.25)
            push_to_gateway(gateway, job='py_push', registry=second)
            """);

        var pushed = (await gateway.ScrapeAsync()).With("job=\"py_push\"");
        Assert.Equal(-0.25, pushed["py_other{instance=\"\",job=\"py_push\"}"]);
        Assert.Equal(3, pushed.Count);
    }

    [Fact]
    public async Task Pushadd_to_gateway_keeps_the_other_families()
    {
        await PythonAsync("""
            registry = CollectorRegistry()
            Gauge('py_first', 'First', registry=registry).set(1)
            Counter('py_rows', 'Rows "read" from C:\\tmp', ['table'], registry=registry).labels('users').inc(3)
            pushadd_to_gateway(gateway, job='py_add', registry=registry)
            second = CollectorRegistry()
            Gauge('py_second', 'Second', registry=second).set(2)
            pushadd_to_gateway(gateway, job='py_add', registry=second)
            """);

        var scraped = await gateway.ScrapeAsync();
        Assert.Contains("# HELP py_rows_total Rows \"read\" from C:\\\\tmp", scraped.Lines);
        Assert.Contains("# TYPE py_rows_total counter", scraped.Lines);
        Assert.Equal(3, scraped.Value("py_rows_total{instance=\"\",job=\"py_add\",table=\"users\"}"));
        Assert.Equal(1, scraped.Value("py_first{instance=\"\",job=\"py_add\"}"));
        Assert.Equal(2, scraped.Value("py_second{instance=\"\",job=\"py_add\"}"));
    }

    [Fact]
    public async Task Histogram_and_summary_arrive_whole()
    {
        await PythonAsync("""
            registry = CollectorRegistry()
            h = Histogram('py_seconds', 'How long', buckets=(0.1, 1, 10), registry=registry)
            for value in (0.05, 0.5, 5, 50): h.observe(value)
            Summary('py_bytes', 'How much', registry=registry).observe(7)
            push_to_gateway(gateway, job='py_histogram', registry=registry)
            """);

        var scraped = await gateway.ScrapeAsync();
        Assert.Contains("# TYPE py_seconds histogram", scraped.Lines);
        foreach (var (bound, count) in new[] { ("0.1", 1), ("1", 2), ("10", 3), ("+Inf", 4) })
        {
            Assert.Equal(count, scraped.Value($"py_seconds_bucket{{instance=\"\",job=\"py_histogram\",le=\"{bound}\"}}"));
        }

        Assert.Equal(55.55, scraped.Value("py_seconds_sum{instance=\"\",job=\"py_histogram\"}"));
        Assert.Equal(4, scraped.Value("py_seconds_count{instance=\"\",job=\"py_histogram\"}"));
        Assert.Equal(7, scraped.Value("py_bytes_sum{instance=\"\",job=\"py_histogram\"}"));
    }

    [Fact]
    public async Task Grouping_values_with_a_slash_empty_or_outside_ascii_come_back_unchanged()
    {
        await PythonAsync("""
            registry = CollectorRegistry()
            Gauge('py_grouped', 'Grouped', registry=registry).set(1)
            push_to_gateway(gateway, job='py/slash', grouping_key={'path': '/var/tmp', 'empty': '', 'city': 'Ρόδος'}, registry=registry)
            """);

        Assert.Equal(1, (await gateway.ScrapeAsync())
            .Value("py_grouped{city=\"Ρόδος\",empty=\"\",instance=\"\",job=\"py/slash\",path=\"/var/tmp\"}"));
    }

    [Fact]
    public async Task Delete_from_gateway_removes_the_group_with_that_key()
    {
        await PythonAsync("""
            registry = CollectorRegistry()
            Gauge('py_deleted', 'To be deleted', registry=registry).set(1)
            push_to_gateway(gateway, job='py_delete', grouping_key={'path': 'a/b'}, registry=registry)
            push_to_gateway(gateway, job='py_delete', grouping_key={'path': 'kept'}, registry=registry)
            delete_from_gateway(gateway, job='py_delete', grouping_key={'path': 'a/b'})
            """);

        var scraped = await gateway.ScrapeUntilAsync(
            now => now.With("job=\"py_delete\"").Keys.All(series => !series.Contains("path=\"a/b\"", StringComparison.Ordinal)),
                "the deletion");
        Assert.Equal(1, scraped.Value("py_deleted{instance=\"\",job=\"py_delete\",path=\"kept\"}"));
    }

    [Fact]
    public async Task Refused_push_raises_in_the_client()
    {
        var result = await RunAsync("""
            registry = CollectorRegistry()
            Gauge('py_refused', 'Refused', registry=registry).set(1)
            push_to_gateway(gateway, job='py_refused', grouping_key={'bad-name': 'x'}, registry=registry)
            """);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("HTTP Error 400", result.Errors, StringComparison.Ordinal);
    }

    private async Task PythonAsync(string script)
    {
        var result = await RunAsync(script);
        Assert.True(result.ExitCode == 0, result.Errors);
    }

    private async Task<ToolResult> RunAsync(string script)
    {
        if (!File.Exists(Interpreter)
            || (await Tool.RunAsync(Interpreter, ["-c", "import prometheus_client"])).ExitCode != 0)
        {
            Tool.Missing("the Python client is not installed (Debian: python3-prometheus-client)");
        }

        // _created gauges carry the time and are of no interest here.
        const string Head = """
            import sys
            from prometheus_client import (CollectorRegistry, Counter, Gauge, Histogram, Summary,
                                           delete_from_gateway, push_to_gateway, pushadd_to_gateway)
            gateway = sys.argv[1]

            """;
        return await Tool.RunAsync(Interpreter, ["-c", Head + script, $"127.0.0.1:{gateway.Port}"],
            environment: new Dictionary<string, string> { ["PROMETHEUS_DISABLE_CREATED_SERIES"] = "true" });
    }
}
