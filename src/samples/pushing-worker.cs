#:project ../Exposition.Pusher
#:package Microsoft.Extensions.Hosting@10.0.0
#:property EnableConfigurationBindingGenerator=true

// A worker whose meters are pushed while it runs, and once more when it has been told to stop (SIGTERM, Ctrl+C):
// dotnet run pushing-worker.cs --Push:Endpoint http://localhost:9091 --Push:Job import --Push:Interval 00:00:15
//
// Settings are those of PusherOptions, from appsettings.json, the environment or the command line.
using System.Diagnostics.Metrics;
using Exposition.Pusher;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddOptions<PusherOptions>()
    .Bind(builder.Configuration.GetSection("Push"), static binder => binder.ErrorOnUnknownConfiguration = true);
builder.Services.AddPushgateway().AddMeter("Import");
builder.Services.AddHostedService<Import>();
builder.Build().Run();

sealed class Import(IMeterFactory meters) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Meter meter = meters.Create("Import");
        Counter<long> rows = meter.CreateCounter<long>("import.rows");
        Counter<long> batches = meter.CreateCounter<long>("import.batches");
        try
        {
            while (true)
            {
                rows.Add(10);
                await Task.Delay(TimeSpan.FromMilliseconds(100), stoppingToken);
            }
        }
        finally
        {
            batches.Add(1);   // what is done last is in the last push, which waits for all services
        }
    }
}
