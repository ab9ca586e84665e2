using System.Net;
using System.Text;
using System.Text.Json;
using Exposition.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>A host with the whole API over a real socket.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private ApiHost(WebApplication app)
    {
        _app = app;
        _client = new HttpClient
        {
            BaseAddress = new Uri(app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Single())
        };
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => _client.BaseAddress!;

    public MetricStore Store => _app.Services.GetRequiredService<MetricStore>();

    public ExpositionEngine Engine => _app.Services.GetRequiredService<ExpositionEngine>();

    public static async Task<ApiHost> StartAsync(Action<ExpositionOptions>? configure = null, LinesKept? log = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        if (log is not null)
        {
            builder.Logging.AddProvider(new Provider(log)).SetMinimumLevel(LogLevel.Debug);
        }

        builder.Services.AddRouting();
        builder.Services.AddExposition(configure ?? (static _ => { }));
        builder.Services.Configure<ExpositionStatusOptions>(static status => status.AllowAnyOrigin = true);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        app.MapExposition();
        app.MapExpositionPage();
        app.MapExpositionApi();
        app.MapExpositionAdminApi();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new ApiHost(app);
    }

    public void Push(string body, params (string Name, string Value)[] labels) =>
        Store.Push(GroupingKey.Create(labels), PushFormat.Text, Encoding.UTF8.GetBytes(body), PushMode.Replace);

    public async Task<HttpResponseMessage> SendAsync(string method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await _client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<(int Status, string Body)> AskAsync(string method, string path, params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage answer = await SendAsync(method, path, headers);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async Task<int> PutAsync(string path, string body)
    {
        using var content = new StringContent(body);
        using HttpResponseMessage answer = await _client.PutAsync(path, content, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    public async Task<JsonElement> DataAsync(string path, string method = "GET")
    {
        (int status, string body) = await AskAsync(method, path);
        Assert.True(status == 200, $"{path}: {status} {body}");
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("data").Clone();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    private sealed class Provider(LinesKept lines) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => lines;

        public void Dispose()
        {
        }
    }
}
