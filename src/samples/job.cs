#:project ../Exposition.Pusher

// A job that says how it went, also when it is told to stop: dotnet run job.cs http://localhost:9091 [SECONDS]
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.InteropServices;
using Exposition.Formats;
using Exposition.Pusher;

// Without a host SIGTERM ends a program on the spot, and no push would say so.
using var stop = new CancellationTokenSource();
using var told = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    _ = stop.CancelAsync();
});

using var meters = new MeterSource("Backup");
using var meter = new Meter("Backup");
Counter<long> rows = meter.CreateCounter<long>("backup.rows");

using var http = new HttpClient();
var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = new Uri(args[0]) });
var group = new PushGroup("nightly_backup").With("path", "/srv/data");   // any text: the client finds the way into the URL
try
{
    var options = new JobRunOptions { PushOnStart = true, Metrics = meters, ThrowOnPushFailure = true };
    await using JobRun run = await client.StartRunAsync(group, options);   // not to be canceled: what has begun is to be ended
    rows.Add(42, new KeyValuePair<string, object?>("table", "users"));
    await Task.Delay(TimeSpan.FromSeconds(args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 0), stop.Token);
    run.Succeed();   // without it the run has failed
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 128 + 15;   // as if the signal had ended it
}
