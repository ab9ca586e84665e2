namespace Exposition.EndToEnd.Tests.Clients;

/// <summary>
/// npm's prom-client, as <c>npm ci</c> in <c>tests/clients/node</c> installs it. It sends chunked bodies without a Content-Type.
/// </summary>
public sealed class NodeClientTests(GatewayProcess gateway) : IClassFixture<GatewayProcess>
{
    [Fact]
    public async Task Push_pushadd_and_delete_are_understood()
    {
        var output = await NodeAsync("""
            const registry = new client.Registry();
            new client.Gauge({ name: 'node_gauge', help: 'A "gauge"\nof two lines', registers: [registry] }).set(4.5);
            new client.Counter({ name: 'node_counter', help: 'c', labelNames: ['q'], registers: [registry] }).inc({ q: 'a\\b"c' }, 2);
            const gateway = new client.Pushgateway(url, {}, registry);
            const codes = [];
            const seen = r => codes.push(r.resp.statusCode);
            seen(await gateway.push({ jobName: 'node_push', groupings: { instance: 'i 1+ü' } }));
            seen(await gateway.pushAdd({ jobName: 'node_add' }));
            const other = new client.Registry();
            new client.Histogram({ name: 'node_seconds', help: 'h', buckets: [1, 5], registers: [other] }).observe(3);
            const second = new client.Pushgateway(url, {}, other);
            seen(await second.pushAdd({ jobName: 'node_add' }));
            seen(await second.push({ jobName: 'node_gone' }));
            seen(await second.delete({ jobName: 'node_gone' }));
            console.log(codes.join(' '));
            """);
        Assert.Equal("200 200 200 200 202", output.Trim());

        var scraped = await gateway.ScrapeUntilAsync(now => now.With("job=\"node_gone\"").Count == 0, "the deletion");
        Assert.Equal(4.5, scraped.Value("node_gauge{instance=\"i 1+ü\",job=\"node_push\"}"));
        Assert.Equal(2, scraped.Value("node_counter{instance=\"i 1+ü\",job=\"node_push\",q=\"a\\\\b\\\"c\"}"));
        Assert.Contains("# HELP node_gauge A \"gauge\"\\nof two lines", scraped.Lines);
        Assert.Equal(4.5, scraped.Value("node_gauge{instance=\"\",job=\"node_add\"}"));
        Assert.Equal(0, scraped.Value("node_seconds_bucket{instance=\"\",job=\"node_add\",le=\"1\"}"));
        Assert.Equal(1, scraped.Value("node_seconds_bucket{instance=\"\",job=\"node_add\",le=\"+Inf\"}"));
    }

    [Fact]
    public async Task Gzip_option_and_a_kept_connection_work_for_many_pushes()
    {
        await NodeAsync("""
            const http = require('http');
            const registry = new client.Registry();
            const gauge = new client.Gauge({ name: 'node_many', help: 'n', registers: [registry] });
            const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
            const plain = new client.Pushgateway(url, { agent }, registry);
            const packed = new client.Pushgateway(url, { agent, headers: { 'Content-Encoding': 'gzip' } }, registry);
            for (let i = 1; i <= 20; i++) {
              gauge.set(i);
              const { resp } = await (i % 2 ? plain : packed).push({ jobName: 'node_many' });
              if (resp.statusCode !== 200) throw new Error('push ' + i + ': ' + resp.statusCode);
            }
            agent.destroy();
            """);

        Assert.Equal(20, (await gateway.ScrapeAsync()).Value("node_many{instance=\"\",job=\"node_many\"}"));
    }

    private async Task<string> NodeAsync(string script)
    {
        var node = Tool.Require("node", "nodejs");
        var directory = Path.Combine(Checkout.Root, "tests", "clients", "node");
        if (!Directory.Exists(Path.Combine(directory, "node_modules", "prom-client")))
        {
            Tool.Missing("prom-client is not installed (npm ci in tests/clients/node)");
        }

        const string Head = "const client = require(process.argv[1] + '/node_modules/prom-client');\nconst url = process.argv[2];\n";
        var program = Head + "(async () => {\n" + script + "\n})().catch(error => { console.error(error); process.exit(1); });\n";
        return await Tool.SucceedAsync(node, ["-e", program, directory, gateway.Address.ToString()]);
    }
}
