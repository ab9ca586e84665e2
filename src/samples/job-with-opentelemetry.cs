#:project ../Exposition.OpenTelemetry

// A job that has OpenTelemetry: dotnet run job-with-opentelemetry.cs http://localhost:9091
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

using var meter = new Meter("Backup");
Counter<long> rows = meter.CreateCounter<long>("backup.rows");
Histogram<double> duration = meter.CreateHistogram<double>("backup.table.duration", "s");

using MeterProvider provider = Sdk.CreateMeterProviderBuilder()
    .AddMeter("Backup")
    .AddView("backup.table.duration", new Base2ExponentialBucketHistogramConfiguration())   // a native histogram, for Prometheus
    .AddExpositionPusher(options =>
    {
        options.Endpoint = new Uri(args[0]);
        options.Job = "nightly_backup";
        options.Interval = TimeSpan.Zero;   // only when flushed, and when the provider is disposed of
    })
    .Build();

rows.Add(42, new KeyValuePair<string, object?>("table", "users"));
duration.Record(1.5, new KeyValuePair<string, object?>("table", "users"));
return provider.ForceFlush() ? 0 : 1;   // so that whoever runs the job knows
