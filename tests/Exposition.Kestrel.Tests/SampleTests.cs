using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Kestrel.Tests;

/// <summary>The program that the documents show is compiled here, as it stands there.</summary>
public sealed class SampleTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData("src/Exposition.Kestrel/README.md")]
    public void The_readme_shows_the_program_that_is_compiled_here(string readme) =>
        ReadmeSamples.AreIn("tests/Exposition.Kestrel.Tests/SampleTests.cs", readme);

    // It ends when the process does, so it is not run here; DoorsTests run the same calls.
    internal static void Embed(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Services.AddExposition(options => options.TelemetryPath = "/metrics");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(9091, listen => listen.UseExposition()));   // the raw door
        var app = builder.Build();
        app.MapExposition();   // the same routes as endpoints
        app.Run();
    }

    // PageAndApiTests run the same calls.
    internal static void ShowGroups(WebApplication app)
    {
        app.MapExposition("/gateway");
        app.MapExpositionPage("/gateway").RequireAuthorization();              // GET /gateway/: groups, jobs, refusals, status
        app.MapExpositionApi("/gateway").RequireAuthorization();               // GET /gateway/api/v1/status, .../metrics and .../refusals
        app.MapExpositionAdminApi("/gateway").RequireAuthorization("admins");  // PUT /gateway/api/v1/admin/wipe and .../snapshot
    }
}
