#:sdk Microsoft.NET.Sdk.Web
#:project ../Exposition.Kestrel
#:project ../Exposition.Persistence

// Two Pushgateways in one host, each with limits, a state file and a health of its own:
// dotnet run two-engines.cs --urls http://localhost:9091 --state /var/lib/metrics --Batch:MaxGroups 100
//
//     echo "backup_rows 3.14" | curl --data-binary @- http://localhost:9091/batch/metrics/job/nightly_backup
//     curl http://localhost:9091/batch/metrics
//     curl http://localhost:9091/healthz
var builder = WebApplication.CreateSlimBuilder(args);
string folder = builder.Configuration["state"] ?? ".";

// Settings are those of ExpositionOptions, and ExpireAfter, such as "{job=~\"spark.*\"}=2m": what is wrong with one ends the start.
builder.Services.AddExposition("batch").Bind(builder.Configuration.GetSection("Batch"))
    .AddSqlitePersistence(options => options.File = Path.Combine(folder, "batch.db"));
builder.Services.AddExposition("edge", options => options.MaxBodyBytes = 1 << 20)
    .AddSqlitePersistence(options => options.File = Path.Combine(folder, "edge.db"));
builder.Services.AddHealthChecks().AddExposition("batch").AddExposition("edge");

var app = builder.Build();
app.MapExposition("/batch", "batch");
app.MapGroup("/edge").MapExposition(name: "edge");
app.MapHealthChecks("/healthz");
app.Run();
