using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>The far end of the chain: takes what Alertmanager posts to a webhook and remembers each alert's state.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<Notification> _received = new();
    private readonly WebApplication _application;

    private WebhookReceiver(int port)
    {
        Address = new Uri($"http://127.0.0.1:{port}/alerts");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        _application = builder.Build();
        _application.MapPost("/alerts", ReceiveAsync);
    }

    /// <summary>Where Alertmanager must post.</summary>
    public Uri Address { get; }

    /// <summary>All alerts so far, in order of arrival.</summary>
    public IReadOnlyList<Notification> Received => [.. _received];

    public static async Task<WebhookReceiver> StartAsync()
    {
        var receiver = new WebhookReceiver(ChildProcess.FreePort());
        await receiver._application.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var document = await JsonDocument.ParseAsync(context.Request.Body);
        foreach (var alert in document.RootElement.GetProperty("alerts").EnumerateArray())
        {
            _received.Enqueue(new Notification(
                alert.GetProperty("status").GetString()!,
                alert.GetProperty("labels").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!)));
        }
    }
}

/// <summary>One alert of a notification: <c>firing</c> or <c>resolved</c>, and its labels.</summary>
public sealed record Notification(string Status, IReadOnlyDictionary<string, string> Labels);
