using System.Runtime.InteropServices;
using Exposition.Harness;

namespace Exposition.Formats.Tests;

/// <summary>
/// <c>Exposition.Formats.AotSample</c> is published as an embedding program would be, without a single trim or AOT warning about any code
/// of the library, and run. The runtime and the compiler come from the package registry; without them, or a linker, the test is skipped.
/// </summary>
public sealed class PublishTests
{
    private const string Body =
        "# HELP a_b What\\nelse.\r\n# TYPE a_b counter\na_b{x=\"1\"} 1e3\n{\"höhe.m\",l=\"\\\"\"} NaN\n# TYPE h "
        + "histogram\nh_bucket{le=\"0.5\"} 2\nh_sum 1.25\nh_count 3";

    // No such package, no such version, no answer from the registry.
    private static readonly string[] s_notToBeHad = ["error NU1101", "error NU1102", "error NU1103", "error NU1301"];

    private const string Expected =
        "# HELP a_b What\\nelse.\n# TYPE a_b counter\na_b{x=\"1\"} 1000\n# TYPE \"höhe.m\" untyped\n{\"höhe.m\",l=\"\\\"\"} NaN\n"
        + "# TYPE h histogram\nh_bucket{le=\"0.5\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 1.25\nh_count 3\n";

    // What is compiled ahead of time has been trimmed before, with the same warnings.
    [Fact]
    public async Task The_sample_runs_as_it_is_published_ahead_of_time()
    {
        Assert.SkipUnless(
            HasLinker(), "neither clang nor gcc is installed, which link what is compiled ahead of time (Debian: clang or gcc)");
        string directory = Directory.CreateTempSubdirectory("exposition-publish-").FullName;
        try
        {
            string program = await PublishAsync(directory);
            ToolResult good = await Tool.RunAsync(program, [], Tool.Body(Body));
            Assert.True(good.ExitCode == 0, good.Errors);
            Assert.Equal(Expected, good.Output);
            Assert.Contains("families a_b höhe.m h with 3 metrics, 2 labels, 1 points, sum NaN", good.Errors, StringComparison.Ordinal);

            ToolResult bad = await Tool.RunAsync(program, [], "a{b=\"c\n"u8.ToArray());
            Assert.Equal(
                (1, "text format parsing error in line 1: label value \"c\" contains unescaped new-line\n"), (bad.ExitCode, bad.Errors));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    // Restored and built in a place of its own: neither the build output nor the lock files of the checkout are touched.
    private static async Task<string> PublishAsync(string directory)
    {
        string output = Path.Combine(directory, "program");
        string[] arguments =
        [
            "publish", Path.Combine(Checkout.Root, "tests", "Exposition.Formats.AotSample"), "-c", "Release", "-r",
                RuntimeInformation.RuntimeIdentifier,
            "--self-contained", "-o", output, "-nologo", "-nodeReuse:false", "-p:PublishAot=true", $"-p:ArtifactsPath={directory}",
            "-p:RestoreApart=true", "-p:RestoreLockedMode=false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false",
        ];
        ToolResult published = await Tool.RunAsync("dotnet", arguments, limit: TimeSpan.FromMinutes(15));
        Assert.SkipWhen(s_notToBeHad.Any(published.Output.Contains), "the runtime or its compiler cannot be restored: " + published.Output);
        Assert.True(published.ExitCode == 0, published.Output + published.Errors);
        Assert.DoesNotContain("warning", published.Output, StringComparison.OrdinalIgnoreCase);
        return Path.Combine(output, "Exposition.Formats.AotSample");
    }

    private static bool HasLinker() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(directory => File.Exists(Path.Combine(directory, "clang")) || File.Exists(Path.Combine(directory, "gcc")));
}
