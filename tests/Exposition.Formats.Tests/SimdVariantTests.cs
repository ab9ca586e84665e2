using System.Globalization;
using System.Runtime.Intrinsics;
using Exposition.Harness;

namespace Exposition.Formats.Tests;

/// <summary>
/// The tests of this assembly once more for each width of vectors, in processes of their own: which code runs is decided when a process
/// starts. To look at one variant by hand, set its variable and run the test program.
/// </summary>
public sealed class SimdVariantTests
{
    private const string ExpectedVariable = "EXPOSITION_EXPECT_VECTOR_BITS";

    private static int WidestVector =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;

    [Fact]
    public void The_variant_asked_for_is_in_force()
    {
        if (Environment.GetEnvironmentVariable(ExpectedVariable) is { Length: > 0 } bits)
        {
            Assert.True(WidestVector <= int.Parse(bits, CultureInfo.InvariantCulture), $"vectors of {WidestVector} bits");
        }

        Assert.True(!Vector512.IsHardwareAccelerated || Vector256.IsHardwareAccelerated);
        Assert.True(!Vector256.IsHardwareAccelerated || Vector128.IsHardwareAccelerated);
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX512", 256)]
    [InlineData("DOTNET_EnableAVX2", 128)]
    [InlineData("DOTNET_EnableHWIntrinsic", 0)]
    public async Task All_tests_pass_without(string variable, int widest)
    {
        string[] arguments = [typeof(SimdVariantTests).Assembly.Location, "-noColor", "-class-", typeof(PublishTests).FullName!, "-method-",
            $"{typeof(SimdVariantTests).FullName}.{nameof(All_tests_pass_without)}"];
        ToolResult result = await Tool.RunAsync(
            "dotnet", arguments, limit: TimeSpan.FromMinutes(15), environment: new Dictionary<string, string>
            {
                [variable] = "0",
                [ExpectedVariable] = widest.ToString(CultureInfo.InvariantCulture),
            });
        Assert.True(result.ExitCode == 0, result.Output[^Math.Min(result.Output.Length, 4000)..] + result.Errors);
    }
}
