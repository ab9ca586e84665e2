#:sdk Microsoft.NET.Sdk.Web
#:project ../Exposition.Kestrel

// A Pushgateway in a host of its own: dotnet run minimal-host.cs --urls http://localhost:9091
//
//     echo "backup_rows 3.14" | curl --data-binary @- http://localhost:9091/metrics/job/nightly_backup
//     curl http://localhost:9091/metrics
var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddExposition();

// The raw door, on every address that the host listens on: pushes and scrapes that need nothing of the host pass by its HTTP pipeline.
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.UseExposition()));

var app = builder.Build();
app.MapExposition();   // the same routes as endpoints
app.MapGet("/", () => "Push to /metrics/job/<JOB>, scrape /metrics.\n");
app.Run();
