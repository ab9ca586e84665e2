#:project ../Exposition.Testing
#:project ../Exposition.Pusher

// A test of a job with a gateway of its own, as it stands in a method of any test framework: dotnet run test-a-job.cs
using System.Net;
using Exposition.Pusher;
using Exposition.Testing;

await using TestGateway gateway = await TestGateway.StartAsync();
gateway.FailNext(HttpStatusCode.ServiceUnavailable);   // the job must come through this

await RunTheJobAsync(gateway.Uri);

RecordedPush push = await gateway.WaitForPushAsync(push => push.IsStored);
Console.WriteLine($"{push.Method} of {push.Job}, rows {gateway.Value("rows{job=\"import\"}")}, after {gateway.Pushes[0].Status}");

static async Task RunTheJobAsync(Uri gateway)
{
    using var http = new HttpClient();
    var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = gateway });
    await client.SendAsync(new PushRequest(new PushGroup("import"), "rows 3\n"u8.ToArray(), "text/plain"));
}
