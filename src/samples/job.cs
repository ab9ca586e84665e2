#:project ../Exposition.Pusher

// A job that says how it went: dotnet run job.cs http://localhost:9091
using System.Diagnostics.Metrics;
using Exposition.Formats;
using Exposition.Pusher;

using var meters = new MeterSource("Backup");
using var meter = new Meter("Backup");
Counter<long> rows = meter.CreateCounter<long>("backup.rows");

using var http = new HttpClient();
var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = new Uri(args[0]) });
var group = new PushGroup("nightly_backup").With("path", "/srv/data");   // any text: the client finds the way into the URL
await using JobRun run = await client.StartRunAsync(group, new JobRunOptions { Metrics = meters, ThrowOnPushFailure = true });
rows.Add(42, new KeyValuePair<string, object?>("table", "users"));
run.Succeed();   // without it the run has failed
