using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Exposition.Kestrel.Tests;

/// <summary>The program that the README shows is compiled here, as it stands there.</summary>
public sealed partial class SampleTests
{
    [Fact]
    public void The_readme_shows_the_program_that_is_compiled_here()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Engine.sln")))
        {
            root = Path.GetDirectoryName(root.TrimEnd('/'))!;
        }

        string readme = File.ReadAllText(Path.Combine(root, "README.md"));
        string source = File.ReadAllText(Path.Combine(root, "tests", "Exposition.Kestrel.Tests", "SampleTests.cs"));
        string sample = Assert.Single(CodeBlock().Matches(readme).Select(match => match.Groups[1].Value), code => code.Contains("using Exposition.Kestrel;", StringComparison.Ordinal));
        Assert.Contains(Lines(sample), Lines(source), StringComparison.Ordinal);
    }

    // It ends when the process does, so it is not run here; DoorsTests run the same calls.
    internal static void Embed(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Services.AddExposition(options => options.TelemetryPath = "/metrics");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(9091, listen => listen.UseExposition()));   // the raw door
        var app = builder.Build();
        app.MapExposition();                                                                                        // the same routes as endpoints
        app.Run();
    }

    private static string Lines(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim())
        .Where(line => line.Length > 0 && !line.StartsWith("using ", StringComparison.Ordinal)));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
