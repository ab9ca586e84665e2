#:project ../Exposition.Hosting
#:package Microsoft.Extensions.Hosting@10.0.0

// The engine without HTTP: a worker that stores what it measures and writes it to a file that the node exporter reads.
// dotnet run worker.cs /var/lib/node_exporter/worker.prom
using System.Buffers;
using Exposition.Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder();
builder.Services.AddExpositionStore(options => options.MaxGroups = 1000);
using IHost host = builder.Build();
var store = host.Services.GetRequiredService<MetricStore>();

GroupingKey group = GroupingKey.Create(("job", "import"), ("instance", "db1"));
store.Push(group, PushFormat.Text, "# TYPE rows gauge\nrows{table=\"users\"} 42\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();
Console.WriteLine($"{store.GetValue("rows{instance=\"db1\",job=\"import\",table=\"users\"}")} rows");

// Beside it and then renamed, so that nobody reads half of it.
var output = new ArrayBufferWriter<byte>();
store.WriteTo(output);
File.WriteAllBytes(args[0] + ".new", output.WrittenSpan);
File.Move(args[0] + ".new", args[0], overwrite: true);
