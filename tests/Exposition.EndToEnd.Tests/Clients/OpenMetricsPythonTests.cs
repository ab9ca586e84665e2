namespace Exposition.EndToEnd.Tests.Clients;

/// <summary>OpenMetrics as the Python client writes it goes in, and what comes out passes the client's strict parser.</summary>
public sealed class OpenMetricsPythonTests
{
    private const string Interpreter = "/usr/bin/python3";

    [Fact]
    public async Task What_the_client_writes_comes_back_through_its_strict_parser()
    {
        if (!File.Exists(Interpreter)
            || (await Tool.RunAsync(Interpreter, ["-c", "import prometheus_client.openmetrics.parser"])).ExitCode != 0)
        {
            Tool.Missing("the Python client is not installed (Debian: python3-prometheus-client)");
        }

        await using var gateway = await GatewayProcess.StartAsync("--web.enable-openmetrics");
        var result = await Tool.RunAsync(Interpreter, ["-c", """
            import sys, urllib.request
            from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary
            from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
            from prometheus_client.openmetrics.parser import text_string_to_metric_families
            metrics = 'http://' + sys.argv[1] + '/metrics'

            registry = CollectorRegistry()
            Counter('om_jobs', 'Jobs "done" in C:\\tmp', ['kind'], registry=registry).labels('a').inc(3, {'trace_id': 'abc'})
            Gauge('om_size', 'Size', unit='bytes', registry=registry).set(2.5)
            h = Histogram('om_wait', 'Wait', buckets=(0.1, 1), registry=registry)
            h.observe(0.5, {'trace_id': 'def'})
            Summary('om_work', 'Work', registry=registry).observe(7)
            Info('om_build', 'Build', registry=registry).info({'version': '1.2'})
            Enum('om_state', 'State', states=['up', 'down'], registry=registry).state('down')
            body = generate_latest(registry)
            urllib.request.urlopen(urllib.request.Request(metrics + '/job/om', data=body, method='PUT', headers={'Content-Type': CONTENT_TYPE_LATEST}))

            answer = urllib.request.urlopen(urllib.request.Request(metrics, headers={'Accept': CONTENT_TYPE_LATEST.replace('; ', ';')}))
            assert answer.headers['Content-Type'].startswith('application/openmetrics-text; version='), answer.headers['Content-Type']
            seen = {f.name: f for f in text_string_to_metric_families(answer.read().decode())}

            def essence(family):
                labels = lambda s: {k: v for k, v in s.labels.items() if k not in ('job', 'instance')}
                return sorted((s.name, sorted(labels(s).items()), s.value, s.exemplar and (s.exemplar.labels, s.exemplar.value)) for s in family.samples if not s.name.endswith('_created'))

            for pushed in text_string_to_metric_families(body.decode()):
                name, kind = pushed.name, pushed.type
                if kind in ('info', 'stateset'):
                    name, kind = name + ('_info' if kind == 'info' else ''), 'gauge'
                family = seen[name]
                assert (family.type, family.unit, family.documentation) == (kind, pushed.unit, pushed.documentation), (family, pushed)
                assert essence(family) == essence(pushed), (family.samples, pushed.samples)
                created = lambda f: [s.value for s in f.samples if s.name.endswith('_created')]
                assert all(abs(a - b) < 1e-6 for a, b in zip(created(family), created(pushed))) and len(created(family)) == len(created(pushed))
            """, $"127.0.0.1:{gateway.Port}"]);
        Assert.True(result.ExitCode == 0, result.Errors);

        var text = await gateway.ScrapeAsync();
        Assert.Contains("# TYPE om_jobs_total counter", text.Lines);
        Assert.Equal(3, text.Value("om_jobs_total{instance=\"\",job=\"om\",kind=\"a\"}"));
        Assert.Equal(1, text.Value("om_build_info{instance=\"\",job=\"om\",version=\"1.2\"}"));
    }
}
