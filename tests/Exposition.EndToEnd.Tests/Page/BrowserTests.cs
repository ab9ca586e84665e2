using System.Text.Json;

namespace Exposition.EndToEnd.Tests.Page;

/// <summary>
/// The page in a browser, by the tests of <c>tests/clients/page</c>, which <c>npm ci</c> there makes ready. With <c>SCREENSHOTS</c> they
/// leave pictures of every place in that folder.
/// </summary>
public sealed class BrowserTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData("list.test.mjs")]
    [InlineData("deletes.test.mjs")]
    [InlineData("access.test.mjs")]
    [InlineData("remembered.test.mjs")]
    public async Task The_page_does_what_it_says(string file)
    {
        var node = Tool.Require("node", "nodejs");
        var chromium = Tool.Require("chromium", "chromium");
        var directory = Path.Combine(Checkout.Root, "tests", "clients", "page");
        if (!Directory.Exists(Path.Combine(directory, "node_modules", "playwright-core")))
        {
            Tool.Missing("playwright-core is not installed (npm ci in tests/clients/page)");
        }

        var environment = new Dictionary<string, string>
        {
            ["SERVER_COMMAND"] = JsonSerializer.Serialize(ServerCommand.Template),
            ["CHROMIUM"] = chromium,
        };
        var result = await Tool.RunAsync(
            node, ["--test", "--test-timeout=240000", Path.Combine(directory, file)], null, s_limit, environment);
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.Matches("# pass [1-9]", result.Output);
    }
}
