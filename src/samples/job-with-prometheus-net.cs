#:project ../Exposition.Pusher
#:package prometheus-net@8.2.1
#:package Microsoft.Extensions.ObjectPool@8.0.11

// What prometheus-net has counted, pushed with reasons, retries and any text in labels:
// dotnet run job-with-prometheus-net.cs http://localhost:9091
using Exposition.Pusher;
using Prometheus;

CollectorRegistry registry = Metrics.NewCustomRegistry();
Counter rows = Metrics.WithCustomRegistry(registry).CreateCounter("backup_rows_total", "Rows that were copied.", "table");
rows.WithLabels("users").Inc(42);

// Once for each push: the request can be sent again as often as it takes.
using var text = new MemoryStream();
await registry.CollectAndExportAsTextAsync(text);

using var http = new HttpClient();
var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = new Uri(args[0]) });
PushGroup group = new PushGroup("nightly_backup").With("path", "/srv/data");
try
{
    await client.SendAsync(new PushRequest(group, text.ToArray(), "text/plain; version=0.0.4"));
    return 0;
}
catch (PushgatewayException e)
{
    Console.Error.WriteLine(e.Message);   // with what the gateway says
    return 1;
}
