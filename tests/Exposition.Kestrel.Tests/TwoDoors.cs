using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Exposition.Formats;
using Exposition.Hosting;
using Exposition.Kestrel.Heads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>A real Kestrel with two ports over one engine: one with the raw door, one with the endpoints alone.</summary>
public sealed class TwoDoors : IAsyncLifetime
{
    private WebApplication? _app;

    internal FakeTarget Target { get; } = new();

    internal ExpositionEngine Engine { get; private set; } = null!;

    /// <summary>To be set before the start.</summary>
    public ICommitGate? Gate { get; init; }

    /// <summary>To be set before the start.</summary>
    public string[] TrustedOrigins { get; init; } = [];

    /// <summary>To be set before the start.</summary>
    public string[] AllowedHosts { get; init; } = [];

    /// <summary>To be set before the start.</summary>
    public int MostScrapes { get; init; } = 64;

    public int RawPort { get; private set; }

    public int EndpointPort { get; private set; }

    /// <summary>The endpoints over HTTP/2 without TLS.</summary>
    public int Http2Port { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var options = new ExpositionOptions
        {
            MaxBodyBytes = 100_000,
            MaxDecodedBytes = 200_000,
            CommitGate = Gate,
            MaxScrapes = MostScrapes,
        };
        Array.ForEach(TrustedOrigins, options.TrustedOrigins.Add);
        Array.ForEach(AllowedHosts, options.AllowedHosts.Add);
        Engine = new ExpositionEngine(Target, options);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(Engine);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = HeaderEncoding.For;
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseExposition());
            kestrel.Listen(IPAddress.Loopback, 0, MemoryKestrel.SecondDoor);
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.UseExpositionHeadLimits();
        });
        _app = builder.Build();
        _app.UseExpositionHeadLimits();
        _app.UseExpositionPathRules();
        _app.UseRouting();
        _app.MapExposition();
        await _app.StartAsync();
        int[] ports = [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(
            static a => new Uri(a).Port)];
        (RawPort, EndpointPort, Http2Port) = (ports[0], ports[1], ports[2]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }

    /// <summary>
    /// Sends bytes, in pieces, on a connection of their own and reads what comes back until the server closes or has given so many answers.
    /// </summary>
    public static async Task<string> SendAsync(int port, string request, int answers = 1, bool head = false, params int[] cuts)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        NetworkStream stream = client.GetStream();
        int from = 0;
        foreach (int cut in cuts.Append(request.Length))
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request[from..cut]));
            from = cut;
            if (cut < request.Length)
            {
                await Task.Delay(20);
            }
        }

        var received = new StringBuilder();
        byte[] buffer = new byte[1 << 16];
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (Split(received.ToString(), head).Count < answers)
        {
            int count = await stream.ReadAsync(buffer, timeout.Token);
            if (count == 0)
            {
                break;
            }

            received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return received.ToString();
    }

    /// <summary>How many requests were refused before any handler saw them, for a reason.</summary>
    internal double Rejected(string reason) => Counted(Engine, "pushgateway_http_rejected_total", reason);

    /// <summary>The counter of a family whose first label has a value.</summary>
    internal static double Counted(ExpositionEngine engine, string family, string label)
    {
        var set = new FamilySet();
        engine.Collect(set);
        foreach (FamilyRow row in set.Families)
        {
            for (int metric = row.FirstMetric; metric >= 0
                && set.Text(row.Name).SequenceEqual(Encoding.ASCII.GetBytes(family)); metric = set.Metrics[metric].Next)
            {
                if (set.Text(set.LabelsOf(metric)[0].Value).SequenceEqual(Encoding.ASCII.GetBytes(label)))
                {
                    return set.Metrics[metric].Value;
                }
            }
        }

        return double.NaN;
    }

    /// <summary>
    /// Cuts complete answers apart and brings each into a form that can be compared: status, sorted headers without Date, body.
    /// </summary>
    internal static List<string> Split(string received, bool head = false)
    {
        var answers = new List<string>();
        while (true)
        {
            int end = received.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
            {
                return answers;
            }

            string[] lines = received[..end].Split("\r\n");
            string rest = received[(end + 4)..];
            string? Header(string name) =>
                lines.FirstOrDefault(l => l.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))?[(name.Length + 2)..];
            string body;
            if (Header("Transfer-Encoding") == "chunked")
            {
                int last = rest.IndexOf("0\r\n\r\n", StringComparison.Ordinal);
                if (last < 0)
                {
                    return answers;
                }

                body = Encoding.Latin1.GetString(RawConnectionTests.Dechunk(Encoding.Latin1.GetBytes(rest[..(last + 5)])));
                received = rest[(last + 5)..];
            }
            else
            {
                int length = head ? 0 : int.Parse(Header("Content-Length") ?? "0", CultureInfo.InvariantCulture);
                if (rest.Length < length)
                {
                    return answers;
                }

                body = rest[..length];
                received = rest[length..];
            }

            IEnumerable<string> headers = lines[1..].Where(static l => !l.StartsWith("Date: ", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal);
            answers.Add(lines[0] + "\n" + string.Join('\n', headers) + "\n\n" + body);
        }
    }
}
