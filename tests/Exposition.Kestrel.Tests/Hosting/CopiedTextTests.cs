using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Kestrel.Tests.HostStyles;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>Commands and PromQL to be copied from the page are right where they are run: outside, behind whatever proxy.</summary>
public sealed partial class CopiedTextTests
{
    private static readonly string[] s_forwarded =
        ["X-Forwarded-Proto: http, https", "X-Forwarded-Host: evil.example, gw.example:8443", "X-Forwarded-Prefix: /evil", "X-Forwarded-Prefix: /sub/"];

    // External URL and its path, trusted proxies, where the engine is mapped, what the request says; the root of what is copied, and
    // whether the browser's script must not put its own address there.
    public static TheoryData<string?, string, bool, string, string[], string, bool> Ways => new()
    {
        { null, "", false, "", [], "http://a:9091/", false },
        { null, "", false, "/kept", [], "http://a:9091/kept/", false },
        { null, "", false, "", s_forwarded, "http://a:9091/", false },
        { null, "", true, "", s_forwarded, "https://gw.example:8443/sub/", true },
        { null, "", true, "/kept", s_forwarded, "https://gw.example:8443/sub/kept/", true },
        { null, "", true, "", ["X-Forwarded-Proto: https"], "https://a:9091/", false },
        { null, "", true, "", ["X-Forwarded-Host: x'$(y)/z", "X-Forwarded-Prefix: /a/../b", "X-Forwarded-Proto: gopher"], "http://a:9091/", false },
        { "https://gw.example/push/", "/push", false, "", [], "https://gw.example/push/", true },
        { "https://gw.example/push/", "/push", true, "/inner", s_forwarded, "https://gw.example/push/", true },
        { "http://[fd00::1]:9091", "", false, "", [], "http://[fd00::1]:9091/", true },
        { "http://gw/it's", "/it's", false, "", [], "http://gw/it%27s/", true },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Commands_have_the_url_that_holds_outside(
        string? url, string path, bool trusts, string prefix, string[] headers, string root, bool isTold)
    {
        await using StyleHost host = await StyleHost.StartAsync([], services =>
        {
            services.AddExposition(options =>
            {
                if (trusts)
                {
                    options.TrustedProxies.Add(IPNetwork.Parse("127.0.0.0/8"));
                }
            });
            services.Configure<ExpositionStatusOptions>(status =>
            {
                status.ExternalUrl = url is null ? null : new Uri(url);
                status.ExternalPath = path;
            });
        }, app =>
        {
            app.MapExposition(prefix);
            app.MapExpositionPage(prefix);
            app.MapExpositionApi(prefix);
        });
        string empty = await GetAsync(host, prefix + "/", headers);
        Assert.Contains($"curl --data-binary @- '{root}metrics/job/some_job'", Copied(empty)[0], StringComparison.Ordinal);
        Assert.Equal(root.Replace("%27", "'", StringComparison.Ordinal) + "metrics",
            Copied(empty)[1].Replace("%27", "'", StringComparison.Ordinal));

        GroupingKey key = GroupingKey.Create(("job", "a b"), ("path", "/x"), ("q", "it's"));
        host.Services.GetRequiredService<MetricStore>().Push(key, PushFormat.Text, "m 1\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();
        string page = await GetAsync(host, $"{prefix}/?group={GroupCursor.IdOf(key)}", headers);
        Assert.Equal($"curl -X PUT --data-binary @metrics.txt '{root}metrics/job/a%20b/path@base64/L3g=/q/it%27s'", Copied(page)[0]);
        Assert.Equal($"curl -X DELETE '{root}metrics/job/a%20b/path@base64/L3g=/q/it%27s'", Copied(page)[1]);
        Assert.Equal(isTold ? 0 : 2, page.Split("data-root=").Length - 1);

        // Prometheus is told the same.
        using var targets = JsonDocument.Parse(await GetAsync(host, prefix + "/api/v1/targets", headers));
        JsonElement target = targets.RootElement[0];
        var outside = new Uri(root.Replace("%27", "'", StringComparison.Ordinal));
        Assert.Equal((outside.Scheme, $"{outside.Host}:{outside.Port}", outside.AbsolutePath + "metrics"), (
            target.GetProperty("labels").GetProperty("__scheme__").GetString(), target.GetProperty("targets")[0].GetString(),
            target.GetProperty("labels").GetProperty("__metrics_path__").GetString()));
    }

    [Theory]
    [InlineData("m 1\n", "{instance=\"\",job=\"j\"}", "{instance=\"\",job=\"j\"}", "job", "j")]
    [InlineData("m{my_instance=\"b\",text=\",instance=\\\"c\"} 1\n", "{instance=\"\",job=\"j\"}", "{instance=\"\",job=\"j\"}", "job", "j")]
    [InlineData("m{instance=\"own\"} 1\n", "{job=\"j\"}", "{instance=\"\",job=\"j\"}", "job", "j")]
    [InlineData("m 1\n", "{instance=\"i\",job=\"j\"}", "{instance=\"i\",job=\"j\"}", "job", "j", "instance", "i")]
    public async Task Promql_chooses_the_series_of_the_group_as_scrapes_show_them(
        string body, string all, string own, params string[] labels)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        (string, string)[] pairs = [.. labels.Chunk(2).Select(static pair => (pair[0], pair[1]))];
        host.Push(body, pairs);
        string page = (await host.AskAsync("GET", $"/?group={GroupCursor.IdOf(GroupingKey.Create(pairs))}")).Body;
        Assert.Equal([all, "time() - push_time_seconds" + own], Copied(page)[^2..]);

        // As the scrape has it: what the selector says of the instance is what stands there.
        string scrape = (await host.AskAsync("GET", "/metrics?match[]={}")).Body;
        Assert.Contains("\npush_time_seconds" + own + " ", scrape, StringComparison.Ordinal);
        Assert.Equal(all.Contains("instance", StringComparison.Ordinal),
            Regex.IsMatch(scrape, "\nm{" + (labels.Length > 2 ? "instance=\"i\"" : "instance=\"\"")));
    }

    private static string[] Copied(string html) =>
        [.. Pre().Matches(html).Select(static match => WebUtility.HtmlDecode(match.Groups[1].Value))];

    private static async Task<string> GetAsync(StyleHost host, string target, string[] headers)
    {
        string answer = await StoreDoors.ExchangeAsync(host.Port, Encoding.ASCII.GetBytes(
            $"GET {target} HTTP/1.0\r\nHost: a:9091\r\n{string.Concat(headers.Select(static header => header + "\r\n"))}\r\n"));
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        return answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }

    [GeneratedRegex("<pre tabindex=\"0\"[^>]*>([^<]*)</pre><button")]
    private static partial Regex Pre();
}
