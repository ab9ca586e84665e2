using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.HostStyles;

/// <summary>
/// Where the environment says what to listen to, no endpoint is named in code. Runs alone: the environment is everybody's.
/// </summary>
[Collection(nameof(Alone))]
public sealed class UrlsTests
{
    private const string Variable = "ASPNETCORE_URLS";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Endpoints_from_the_environment_get_the_raw_door_by_their_defaults(bool raw)
    {
        string? before = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, "http://127.0.0.1:0");
        try
        {
            WebApplicationBuilder builder = WebApplication.CreateBuilder();
            builder.Logging.ClearProviders();
            builder.Services.AddExposition();
            if (raw)
            {
                builder.WebHost.ConfigureKestrel(static kestrel =>
                    kestrel.ConfigureEndpointDefaults(static listen => listen.UseExposition()));
            }

            WebApplication app = builder.Build();
            app.MapExposition();
            await app.StartAsync(TestContext.Current.CancellationToken);
            await using var host = new StyleHost(app);

            Assert.Equal(200, (await host.SendAsync("PUT", "/metrics/job/a", "a 1\n")).Status);
            (int status, string text) = await host.SendAsync("GET", "/metrics");

            Assert.Equal(200, status);
            Assert.Contains("a{instance=\"\",job=\"a\"} 1\n", text, StringComparison.Ordinal);
            Assert.Equal(raw ? 2 : 0, host.ServedRaw());
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, before);
        }
    }
}
