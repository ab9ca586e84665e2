using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Exposition.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>From the socket to the store and back, with the real store: pushes of one door are seen through the other.</summary>
public sealed class DoorsWithStoreTests : IAsyncLifetime
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None });
    private WebApplication? _app;
    private string _raw = "";
    private string _endpoints = "";

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.Services.AddExposition(static o =>
        {
            o.EngineMetrics = false;
            o.EnableOpenMetrics = true;
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseExposition());
            kestrel.Listen(IPAddress.Loopback, 0, MemoryKestrel.SecondDoor);
        });
        _app = builder.Build();
        _app.UseRouting();
        _app.MapExposition();
        await _app.StartAsync();
        string[] addresses = [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        (_raw, _endpoints) = (addresses[0], addresses[1]);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }

    [Fact]
    public async Task WhatOneDoorTakesTheOtherShows()
    {
        Assert.Equal((200, ""),
            await SendAsync(HttpMethod.Put, _raw + "/metrics/job/a/instance/i", "# HELP m help\n# TYPE m gauge\nm{x=\"y\"} 1.5\n"));
        Assert.Equal((200, ""), await SendAsync(HttpMethod.Post, _endpoints + "/metrics/job/b", "n 2\n"));

        foreach (string door in new[] { _raw, _endpoints })
        {
            string text = await _client.GetStringAsync(door + "/metrics");
            Assert.Contains("# HELP m help\n# TYPE m gauge\nm{instance=\"i\",job=\"a\",x=\"y\"} 1.5\n", text, StringComparison.Ordinal);
            Assert.Contains("# TYPE n untyped\nn{instance=\"\",job=\"b\"} 2\n", text, StringComparison.Ordinal);
            Assert.Contains("push_failure_time_seconds{instance=\"\",job=\"b\"} 0\n", text, StringComparison.Ordinal);
            Assert.Contains(
                "pushgateway_http_requests_total{code=\"200\",handler=\"push\",method=\"put\"} 1\n", text, StringComparison.Ordinal);
            Assert.Contains("pushgateway_http_push_size_bytes_count{method=\"post\"} 1\n", text, StringComparison.Ordinal);
        }

        Assert.Equal((202, ""), await SendAsync(HttpMethod.Delete, _endpoints + "/metrics/job/a/instance/i", null));
        Assert.DoesNotContain("\nm{", await _client.GetStringAsync(_raw + "/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PutReplacesAndPostMerges()
    {
        await SendAsync(HttpMethod.Put, _raw + "/metrics/job/a", "m 1\nn 1\n");
        await SendAsync(HttpMethod.Post, _raw + "/metrics/job/a", "n 2\n");
        Assert.Contains("\nm{instance=\"\",job=\"a\"} 1\n", await _client.GetStringAsync(_raw + "/metrics"), StringComparison.Ordinal);
        await SendAsync(HttpMethod.Put, _raw + "/metrics/job/a", "n 3\n");
        string text = await _client.GetStringAsync(_raw + "/metrics");
        Assert.DoesNotContain("\nm{", text, StringComparison.Ordinal);
        Assert.Contains("\nn{instance=\"\",job=\"a\"} 3\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusalsAreTheReferences()
    {
        foreach (string door in new[] { _raw, _endpoints })
        {
            Assert.Equal((400, "text format parsing error in line 1: expected float as value, got \"x\"\n"),
                await SendAsync(HttpMethod.Put, door + "/metrics/job/a", "m x\n"));
            (int status, string body) = await SendAsync(HttpMethod.Put, door + "/metrics/job/a", "m 1 2\n");
            Assert.Equal(400, status);
            Assert.Equal(
                "pushed metrics are invalid or inconsistent with existing metrics: pushed metrics must not have timestamps\n", body);
        }
    }

    [Fact]
    public async Task CompressedPushesAndScrapes()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, _raw + "/metrics/job/a")
        { Content = new ByteArrayContent(Gzip.Pack("m 1\n"u8)) };
        request.Content.Headers.ContentEncoding.Add("gzip");
        Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(request)).StatusCode);

        foreach (string door in new[] { _raw, _endpoints })
        {
            using var scrape = new HttpRequestMessage(HttpMethod.Get, door + "/metrics");
            scrape.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
            using HttpResponseMessage response = await _client.SendAsync(scrape);
            Assert.Equal("gzip", Assert.Single(response.Content.Headers.ContentEncoding));
            Assert.Equal("text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
                response.Content.Headers.GetValues("Content-Type").Single());
            string text = Encoding.UTF8.GetString(Gzip.Unpack(await response.Content.ReadAsByteArrayAsync()));
            Assert.Contains("\nm{instance=\"\",job=\"a\"} 1\n", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task OpenMetricsGoesInAndOutThroughBothDoors()
    {
        const string Body = "# TYPE c counter\nc_total 1.0 # {trace_id=\"x\"} 0.5\nc_created 5.0\n# EOF\n";
        foreach (string door in new[] { _raw, _endpoints })
        {
            Assert.Equal((200, ""), await SendAsync(
                HttpMethod.Put, door + "/metrics/job/a", Body, "application/openmetrics-text; version=1.0.0; charset=utf-8"));
            Assert.Equal((200, ""),
                await SendAsync(HttpMethod.Put, door + "/metrics/job/b", "d 1\n", "application/openmetrics-text; version=0.0.1"));
            Assert.Equal(
                (400, "text format parsing error in line 2: expected integer as timestamp, got \"#\" (this looks like OpenMetrics, which "
                    + "is sent with "
                    + "the Content-Type application/openmetrics-text)\n"),
                await SendAsync(HttpMethod.Put, door + "/metrics/job/c", Body, "text/plain"));
            Assert.Equal(
                (400, "text format parsing error in line 1: expected float as value, got \"x\" (and as OpenMetrics, line 1: expected a "
                    + "number as value, got \"x\")\n"),
                    await SendAsync(HttpMethod.Put, door + "/metrics/job/c", "a x\n", "application/openmetrics-text"));

            foreach ((string accept, string type) in new[]
            {
                ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3",
                    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"),
                ("application/openmetrics-text", "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores"),
            })
            {
                using var scrape = new HttpRequestMessage(HttpMethod.Get, door + "/metrics");
                scrape.Headers.TryAddWithoutValidation("Accept", accept);
                using HttpResponseMessage response = await _client.SendAsync(scrape);
                Assert.Equal(type, response.Content.Headers.GetValues("Content-Type").Single());
                string text = await response.Content.ReadAsStringAsync();
                Assert.StartsWith(
                    "# TYPE c counter\nc_total{instance=\"\",job=\"a\"} 1.0 # {trace_id=\"x\"} 0.5\nc_created{instance=\"\",job=\"a\"} "
                    + "5.0\n", text, StringComparison.Ordinal);
                Assert.EndsWith("\n# EOF\n", text, StringComparison.Ordinal);
                Assert.True(Formats.OpenMetricsFormat.TryRead(Encoding.UTF8.GetBytes(text), Formats.NameScheme.Legacy,
                    new Formats.FamilySet(), out Formats.FormatError error), error.ToString());
            }

            using HttpResponseMessage plain = await _client.GetAsync(door + "/metrics");
            Assert.StartsWith(
                "text/plain; version=0.0.4", plain.Content.Headers.GetValues("Content-Type").Single(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task OwnFamiliesCannotBeTaken()
    {
        (int status, _) = await SendAsync(HttpMethod.Put, _raw + "/metrics/job/a",
            "# TYPE pushgateway_http_push_size_bytes counter\npushgateway_http_push_size_bytes 1\n");
        Assert.Equal(200, status);
        foreach (string door in new[] { _raw, _endpoints })
        {
            string text = await _client.GetStringAsync(door + "/metrics");
            Assert.Contains("\n# TYPE pushgateway_http_push_size_bytes summary\n", text, StringComparison.Ordinal);
            Assert.DoesNotContain("pushgateway_http_push_size_bytes{instance=\"\",job=\"a\"}", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ScrapesBesidePushesAreWhole()
    {
        using var stop = new CancellationTokenSource();
        await SendAsync(HttpMethod.Put, _raw + "/metrics/job/a/n/0", "m0 0\n");
        Task pushing = Task.Run(async () =>
        {
            for (int i = 0; i < 20 || !stop.IsCancellationRequested; i++)
            {
                await SendAsync(
                    HttpMethod.Put, $"{_raw}/metrics/job/a/n/{i % 20}", string.Concat(Enumerable.Range(0, 50).Select(m => $"m{m} {i}\n")));
            }
        });
        for (int i = 0; i < 50; i++)
        {
            string text = await _client.GetStringAsync((i % 2 == 0 ? _raw : _endpoints) + "/metrics");
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
        }

        await stop.CancelAsync();
        await pushing;
        Assert.Equal(20, _app!.Services.GetRequiredService<MetricStore>().GroupCount);
    }

    private async Task<(int Status, string Body)> SendAsync(HttpMethod method, string address, string? body, string? contentType = null)
    {
        using var request = new HttpRequestMessage(method, address)
        { Content = body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        if (contentType is not null)
        {
            request.Content!.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        using HttpResponseMessage response = await _client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
