
namespace Exposition.EndToEnd.Tests.Clients;

/// <summary>What people type and what shell scripts do: curl against the running program.</summary>
public sealed class CurlTests(GatewayProcess gateway) : IClassFixture<GatewayProcess>
{
    [Fact]
    public async Task Post_of_standard_input_is_exposed_with_the_grouping_labels()
    {
        Assert.Equal("200", await CurlAsync("some_metric 3.14\n", "-X", "POST", "metrics/job/curl_post/instance/i1"));

        var scraped = await gateway.ScrapeAsync();
        Assert.Contains("# TYPE some_metric untyped", scraped.Lines);
        Assert.Contains("some_metric{instance=\"i1\",job=\"curl_post\"} 3.14", scraped.Lines);
        Assert.Equal(0, scraped.Value("push_failure_time_seconds{instance=\"i1\",job=\"curl_post\"}"));
        var age = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0 - scraped.Value(
            "push_time_seconds{instance=\"i1\",job=\"curl_post\"}");
        Assert.InRange(age, -1, 60);
    }

    [Fact]
    public async Task Post_replaces_families_of_the_same_name_and_put_the_whole_group()
    {
        await CurlAsync("# TYPE a counter\na 1\n# TYPE b gauge\nb 2\n", "-X", "PUT", "metrics/job/curl_replace");
        await CurlAsync("# TYPE a counter\na 7\n", "-X", "POST", "metrics/job/curl_replace");
        var afterPost = await gateway.ScrapeAsync();
        Assert.Equal(7, afterPost.Value("a{instance=\"\",job=\"curl_replace\"}"));
        Assert.Equal(2, afterPost.Value("b{instance=\"\",job=\"curl_replace\"}"));

        await CurlAsync("c 3\n", "-X", "PUT", "metrics/job/curl_replace");
        var afterPut = await gateway.ScrapeAsync();
        Assert.Equal(
            ["c{instance=\"\",job=\"curl_replace\"}", "push_failure_time_seconds{instance=\"\",job=\"curl_replace\"}",
                "push_time_seconds{instance=\"\",job=\"curl_replace\"}"],
            afterPut.With("job=\"curl_replace\"").Keys.Order());
    }

    [Fact]
    public async Task Delete_removes_exactly_one_group()
    {
        await CurlAsync("d 1\n", "-X", "PUT", "metrics/job/curl_delete");
        await CurlAsync("d 2\n", "-X", "PUT", "metrics/job/curl_delete/instance/kept");

        Assert.Equal("202", await CurlAsync(null, "-X", "DELETE", "metrics/job/curl_delete"));

        var scraped = await gateway.ScrapeUntilAsync(
            now => !now.Samples.ContainsKey("d{instance=\"\",job=\"curl_delete\"}"), "the deletion");
        Assert.DoesNotContain("push_time_seconds{instance=\"\",job=\"curl_delete\"}", scraped.Samples.Keys);
        Assert.Equal(2, scraped.Value("d{instance=\"kept\",job=\"curl_delete\"}"));
    }

    [Fact]
    public async Task Upload_of_unknown_length_is_sent_in_chunks_and_expects_a_go_ahead()
    {
        // curl -T - sends Transfer-Encoding: chunked and Expect: 100-continue, and waits a second when no 100 comes.
        var body = string.Concat(Enumerable.Range(0, 2000).Select(i => $"curl_chunked{{i=\"{i}\"}} {i}\n"));
        Assert.Equal("200", await CurlAsync(body, "-T", "-", "-H", "Expect: 100-continue", "metrics/job/curl_chunked"));

        var pushed = (await gateway.ScrapeAsync()).With("job=\"curl_chunked\"");
        Assert.Equal(2002, pushed.Count);
        Assert.Equal(1999, pushed["curl_chunked{i=\"1999\",instance=\"\",job=\"curl_chunked\"}"]);
    }

    [Fact]
    public async Task Large_post_waits_for_the_go_ahead_that_curl_asks_for()
    {
        var body = "# HELP curl_expect " + new string('x', 1_200_000) + "\n# TYPE curl_expect gauge\ncurl_expect 1\n";
        var output = await CurlRawAsync(Tool.Body(body), "-v", "-X", "POST", "metrics/job/curl_expect");
        Assert.Equal("200", output.Output);
        Assert.Contains("< HTTP/1.1 100 Continue", output.Errors, StringComparison.Ordinal);
        Assert.Equal(1, (await gateway.ScrapeAsync()).Value("curl_expect{instance=\"\",job=\"curl_expect\"}"));
    }

    [Fact]
    public async Task Gzip_body_is_unpacked()
    {
        var result = await CurlRawAsync(Gzip.Pack("zipped 12\n"u8), "-X", "PUT", "-H", "Content-Encoding: gzip", "metrics/job/curl_gzip");
        Assert.Equal("200", result.Output);
        Assert.Equal(12, (await gateway.ScrapeAsync()).Value("zipped{instance=\"\",job=\"curl_gzip\"}"));
    }

    [Fact]
    public async Task Two_pushes_of_one_command_share_a_connection()
    {
        var second = new Uri(gateway.Address, "metrics/job/curl_keep2").ToString();
        var result = await CurlRawAsync(
            Tool.Body("kept 1\n"), "-v", "-w", "%{http_code} after %{num_connects} connects\n", "metrics/job/curl_keep1", second);
        Assert.Equal("200 after 1 connects\n200 after 0 connects\n", result.Output);
        Assert.Contains("< Content-Length: 0", result.Errors, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Unparsable_body_is_refused_with_line_and_reason_and_leaves_nothing()
    {
        var curl = Tool.Require("curl", "curl");
        var url = new Uri(gateway.Address, "metrics/job/curl_bad").ToString();
        var answer = await Tool.SucceedAsync(curl, ["-sS", "--data-binary", "good 1\nbad_metric{x=y} 1\n", url]);
        Assert.Equal("text format parsing error in line 2: expected '\"' at start of label value, found 'y'\n", answer);
        Assert.Empty((await gateway.ScrapeAsync()).With("job=\"curl_bad\""));
    }

    private async Task<string> CurlAsync(string? body, params string[] arguments) =>
        (await CurlRawAsync(body is null ? null : Tool.Body(body), arguments)).Output;

    /// <summary>Runs curl; the first argument that is a path is completed, and the status code is what it prints.</summary>
    private async Task<ToolResult> CurlRawAsync(byte[]? body, params string[] arguments)
    {
        var words = new List<string> { "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "30" };
        if (body is not null && !arguments.Contains("-T"))
        {
            words.AddRange(["--data-binary", "@-"]);
        }

        foreach (var argument in arguments)
        {
            words.Add(argument.StartsWith("metrics/", StringComparison.Ordinal) ? new Uri(gateway.Address, argument).ToString() : argument);
        }

        var result = await Tool.RunAsync(Tool.Require("curl", "curl"), words, body);
        Assert.True(result.ExitCode == 0, $"curl {string.Join(' ', words)} ended with {result.ExitCode}: {result.Errors}");
        return result;
    }
}
