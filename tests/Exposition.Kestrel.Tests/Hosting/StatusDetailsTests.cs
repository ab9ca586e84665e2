using System.Net;
using System.Text.Json;
using Exposition.Engine;
using Exposition.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>What <c>/api/v1/status</c> says beyond the Pushgateway's: conditions and scrapers.</summary>
public sealed class StatusDetailsTests
{
    private static readonly string[] s_reference = ["build_information", "flags", "start_time"];

    [Fact]
    public async Task Our_fields_stand_behind_the_reference_s_and_pages_of_other_origins_get_those_only()
    {
        await using WebApplication app = await StartAsync(static _ => { });
        Assert.Equal([.. s_reference, "conditions", "scrapers"], Names(await StatusAsync(app)));
        Assert.Equal([.. s_reference, "conditions", "scrapers"],
            Names(await StatusAsync(app, Address(app).GetLeftPart(UriPartial.Authority))));
        Assert.Equal(s_reference, Names(await StatusAsync(app, "https://other.example")));
        Assert.Equal(s_reference, Names(await StatusAsync(app, "null")));
    }

    [Fact]
    public async Task What_is_hidden_and_what_is_nearly_full_are_conditions_until_they_are_not()
    {
        await using WebApplication app = await StartAsync(static options =>
        {
            options.CheckConsistency = false;
            options.MaxGroups = 2;
        });
        MetricStore store = app.Services.GetRequiredService<MetricStore>();
        Assert.Empty(Conditions(await StatusAsync(app)));
        Push(store, "a", "# TYPE x counter\nx 1\n");
        Push(store, "b", "# TYPE x gauge\nx 2\n");
        Assert.Equal(["FamiliesHidden: 1 families are stored but left out of scrapes, because they contradict others",
            "LimitNear: groups: 2 of 2 are in use"], Conditions(await StatusAsync(app)));
        JsonElement first = (await StatusAsync(app)).GetProperty("conditions")[0];
        Assert.InRange(first.GetProperty("since").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        Assert.Equal(["type", "since", "message"], Names(first));
        Assert.Equal(first.GetProperty("since").GetString(),
            (await StatusAsync(app)).GetProperty("conditions")[0].GetProperty("since").GetString());
        store.Delete(GroupingKey.Create(("job", "a")));
        Assert.Empty(Conditions(await StatusAsync(app)));
    }

    [Fact]
    public async Task Loading_is_a_condition()
    {
        var gate = new Gate();
        await using WebApplication app = await StartAsync(static _ => { }, gate);
        Assert.StartsWith("Loading: ", Assert.Single(Conditions(await StatusAsync(app))), StringComparison.Ordinal);
        gate.IsOpen = true;
        Assert.Empty(Conditions(await StatusAsync(app)));
    }

    [Fact]
    public async Task Who_has_scraped_is_told_with_format_and_encoding()
    {
        await using WebApplication app = await StartAsync(static _ => { });
        using var client = new HttpClient { BaseAddress = Address(app) };
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept-Encoding", "gzip");
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Basic YW5hOnMzY3JldA==");
        await client.GetByteArrayAsync(new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken);

        // The scrape is counted when it has been sent.
        JsonElement scrapers;
        do
        {
            scrapers = (await StatusAsync(app)).GetProperty("scrapers");
        }
        while (scrapers.GetArrayLength() == 0);
        JsonElement scraper = scrapers[0];

        // Nobody has to log in, so nobody's name is known.
        Assert.Equal(["address", "last", "format", "encoding"], Names(scraper));
        Assert.Equal(("127.0.0.1", "text", "gzip"), (scraper.GetProperty("address").GetString(),
            scraper.GetProperty("format").GetString(), scraper.GetProperty("encoding").GetString()));
        Assert.InRange(scraper.GetProperty("last").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
    }

    private static IEnumerable<string> Names(JsonElement value) => value.EnumerateObject().Select(static field => field.Name);

    private static string[] Conditions(JsonElement status) =>
        [.. status.GetProperty("conditions").EnumerateArray()
            .Select(static condition => $"{condition.GetProperty("type").GetString()}: {condition.GetProperty("message").GetString()}")];

    // Unchecked pushes are accepted.
    private static void Push(MetricStore store, string job, string body) => Assert.Equal(PushStatus.Accepted, store.Push(
        GroupingKey.Create(("job", job)), PushFormat.Text, System.Text.Encoding.ASCII.GetBytes(body), PushMode.Replace).Status);

    private static async Task<JsonElement> StatusAsync(WebApplication app, string? origin = null)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address(app), "api/v1/status"));
        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        using HttpResponseMessage answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using JsonDocument document = JsonDocument.Parse(
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return document.RootElement.GetProperty("data").Clone();
    }

    private static Uri Address(WebApplication app) =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    private static async Task<WebApplication> StartAsync(Action<ExpositionOptions> configure, ICommitGate? gate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        builder.Services.AddExposition(configure);
        if (gate is not null)
        {
            builder.Services.AddSingleton(gate);
        }

        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        app.MapExposition();
        app.MapExpositionApi();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private sealed class Gate : ICommitGate
    {
        public bool IsOpen { get; set; }

        public Task<string?>? Confirm() => null;
    }
}
