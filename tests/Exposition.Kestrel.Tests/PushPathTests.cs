using System.Text;
using Exposition.Formats;
using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel.Tests;

public class PushPathTests
{
    private static readonly PushPath s_legacy = new(new ExpositionOptions());
    private static readonly PushPath s_utf8 = new(new ExpositionOptions { Names = NameScheme.Utf8 });

    private static Route Resolve(PushPath paths, string target) => paths.Resolve(Encoding.Latin1.GetBytes(target));

    [Theory]
    [InlineData("/metrics/job/a", """{job="a"}""")]
    [InlineData("/metrics/job/a/", """{job="a"}""")]
    [InlineData("/metrics/job/a?x=y/z", """{job="a"}""")]
    [InlineData("/metrics/job/a/x/1/y/2", """{job="a",x="1",y="2"}""")]
    [InlineData("/metrics/job/a/y/2/x/1", """{job="a",x="1",y="2"}""")]
    [InlineData("/metrics/job/a/x/", """{job="a",x=""}""")]
    [InlineData("/metrics/job/a/x@base64/=", """{job="a",x=""}""")]
    [InlineData("/metrics/job/a/x@base64/==", """{job="a",x=""}""")]
    [InlineData("/metrics/job/a/x@base64/", """{job="a",x=""}""")]
    [InlineData("/metrics/job/a/x%40base64/YQ", """{job="a",x="a"}""")]
    [InlineData("/metrics/job%40base64/YQ", """{job="a"}""")]
    [InlineData("/metrics/%6Aob/a", """{job="a"}""")]
    [InlineData("/metrics%2Fjob/a", """{job="a"}""")]
    [InlineData("/metrics%2fjob%2Fa", """{job="a"}""")]
    [InlineData("/%6detrics/job/a/b/c", """{b="c",job="a"}""")]
    [InlineData("/metrics/job/a%2Fb/p/%2Fvar%2ftmp", """{job="a/b",p="/var/tmp"}""")]
    [InlineData("/metrics/job/a/p/%2Fb", """{job="a",p="/b"}""")]
    [InlineData("/metrics/job/a/job/b", """{job="a"}""")]
    [InlineData("/metrics/job/one/job@base64/dGhyZWU", """{job="one"}""")]
    [InlineData("/metrics/job/a/k/1/k/2", """{job="a",k="2"}""")]
    [InlineData("/metrics/job/a+b/x/c%20d", """{job="a+b",x="c d"}""")]
    [InlineData("/metrics/job/a%22b%5Cc", """{job="a\"b\\c"}""")]
    [InlineData("/metrics/job/%C3%A4", """{job="ä"}""")]
    [InlineData("/metrics/job/[x]{y}|^", """{job="[x]{y}|^"}""")]
    [InlineData("/metrics/job@base64/YQ", """{job="a"}""")]
    [InlineData("/metrics/job@base64/YQ==/x@base64/Zh", """{job="a",x="f"}""")]
    [InlineData("/metrics/job@base64/YWJj%0AZGVm", """{job="abcdef"}""")]
    [InlineData("/metrics/job@base64/ICA", """{job="  "}""")]
    [InlineData("/metrics/job/a/path@base64/L3Zhci9zcG9vbA", """{job="a",path="/var/spool"}""")]
    [InlineData("/metrics/job/a/d/..x/e/.y", """{d="..x",e=".y",job="a"}""")]
    [InlineData("/metrics/job/a/d/%2e%2e", """{d="..",job="a"}""")]
    [InlineData("/metrics/job/one/Zone/x/zone/y", """{Zone="x",job="one",zone="y"}""")]
    [InlineData("/metrics/job/one/U__my_2e_zone/x", """{U__my_2e_zone="x",job="one"}""")]
    public void Groups(string target, string key)
    {
        Route route = Resolve(s_legacy, target);

        Assert.Null(route.Error);
        Assert.Equal(RouteKind.Group, route.Kind);
        Assert.Equal(key, route.Key!.ToString());
    }

    [Theory]
    [InlineData("/metrics/job/a/x", """odd number of components in label string "/x" """)]
    [InlineData("/metrics/job/a/x/1/", """odd number of components in label string "/x/1/" """)]
    [InlineData("/metrics/job/a/x%22%5c%7f%00%C2%A0%F0%9F%98%80%CC%81", """odd number of components in label string "/x\"\\\x7f\x00\u00a0😀́" """)]
    [InlineData("/metrics/job@base64/=", "job name is required")]
    [InlineData("/metrics/job@base64/=/1a/2", """improper label name "1a" """)]
    [InlineData("/metrics/job@base64/=/x", """odd number of components in label string "/x" """)]
    [InlineData("/metrics/job@base64/!!!", """invalid base64 encoding in job name "": illegal base64 data at input byte 0""")]
    [InlineData("/metrics/job@base64/a!b*", """invalid base64 encoding in job name "": illegal base64 data at input byte 1""")]
    [InlineData("/metrics/job@base64/YQ=Yg", """invalid base64 encoding in job name "": illegal base64 data at input byte 2""")]
    [InlineData("/metrics/job@base64/fn5+", """invalid base64 encoding in job name "": illegal base64 data at input byte 3""")]
    [InlineData("/metrics/job@base64/YWJjZGVmZ!", """invalid base64 encoding in job name "abcdef": illegal base64 data at input byte 9""")]
    [InlineData("/metrics/job@base64/YWJjZGVmZ%0a%0a*",
        """invalid base64 encoding in job name "abcdef": illegal base64 data at input byte 11""")]
    [InlineData("/metrics/job@base64/YWJjZGVmZ=", """invalid base64 encoding in job name "abcdef": illegal base64 data at input byte 8""")]
    [InlineData("/metrics/job@base64/YWJj%0A%0Ax", """invalid base64 encoding in job name "abc": illegal base64 data at input byte 6""")]
    [InlineData("/metrics/job@base64/!/x", """invalid base64 encoding in job name "": illegal base64 data at input byte 0""")]
    [InlineData("/metrics/job/a/x@base64/foo.bar",
        """invalid base64 encoding for label x="foo.bar": illegal base64 data at input byte 3""")]
    [InlineData("/metrics/job/a/x@base64/YQ%00", """invalid base64 encoding for label x="YQ\x00": illegal base64 data at input byte 2""")]
    [InlineData("/metrics/job/a/__x/v", """improper label name "__x" """)]
    [InlineData("/metrics/job/a/__x@base64/!", """improper label name "__x" """)]
    [InlineData("/metrics/job/a/1a/v", """improper label name "1a" """)]
    [InlineData("/metrics/job/a/a-b/v", """improper label name "a-b" """)]
    [InlineData("/metrics/job/a/a.b/v", """improper label name "a.b" """)]
    [InlineData("/metrics/job/a/my:zone/v", """improper label name "my:zone" """)]
    [InlineData("/metrics/job/a/my%20zone/v", """improper label name "my zone" """)]
    [InlineData("/metrics/job/a/path@BASE64/YQ", """improper label name "path@BASE64" """)]
    [InlineData("/metrics/job/a/@base64/v", """improper label name "" """)]
    [InlineData("/metrics/job/%FF", """value of label job is not valid UTF-8: "\xff" """)]
    [InlineData("/metrics/job@base64/__4", """value of label job is not valid UTF-8: "\xff\xfe" """)]
    [InlineData("/metrics/job/a/bin/%C3%28", """value of label bin is not valid UTF-8: "\xc3(" """)]
    [InlineData("/metrics/job/a/bin@base64/wyiA", """value of label bin is not valid UTF-8: "\xc3(\x80" """)]
    public void Refusals(string target, string error)
    {
        Route route = Resolve(s_legacy, target);

        Assert.Equal(RouteKind.Group, route.Kind);
        Assert.Null(route.Key);
        Assert.Equal(error.TrimEnd(), route.Error);
    }

    [Theory]
    [InlineData("a.b", "a.b")]
    [InlineData("a-b", "a-b")]
    [InlineData("%F0%9F%98%80", "😀")]
    [InlineData("U__foo_2e_bar", "foo.bar")]
    [InlineData("U__a__b", "a_b")]
    [InlineData("U__z_f6_ne", "zöne")]
    [InlineData("U___1F600_", "😀")]
    [InlineData("U____", "_")]
    [InlineData("U_____", "U_____")]
    [InlineData("U___5f__x", "U___5f__x")]
    [InlineData("U___ff_x", "ÿx")]
    [InlineData("U___d800_", "U___d800_")]
    [InlineData("U___110000_", "U___110000_")]
    [InlineData("U___1234567_", "U___1234567_")]
    [InlineData("U__a_", "U__a_")]
    [InlineData("U__a_2e", "U__a_2e")]
    [InlineData("U__a_zz_", "U__a_zz_")]
    [InlineData("U__x@base64", "x")]
    public void Utf8Names(string name, string label) =>
        Assert.Equal($"{{{label}=\"\",job=\"j\"}}", SortedByName(label, Resolve(s_utf8, $"/metrics/job/j/{name}/").Key!.ToString()));

    [Fact]
    public void AnEscapedJobIsOverriddenByThePath() =>
        Assert.Equal("""{job="a"}""", Resolve(s_utf8, "/metrics/job/a/U__job/v").Key!.ToString());

    [Theory]
    [InlineData("U__", "U__")]
    [InlineData("U______foo", "U______foo")]
    [InlineData("U___5f__5f_foo", "U___5f__5f_foo")]
    [InlineData("__x", "__x")]
    [InlineData("%FF", "\\xff")]
    public void Utf8NamesThatAreRefused(string name, string quoted) =>
        Assert.Equal($"improper label name \"{quoted}\"", Resolve(s_utf8, $"/metrics/job/j/{name}/v").Error);

    [Theory]
    [InlineData("/metrics", nameof(RouteKind.Telemetry))]
    [InlineData("/metrics?name[]=x", nameof(RouteKind.Telemetry))]
    [InlineData("/metric%73", nameof(RouteKind.Telemetry))]
    [InlineData("/metrics/", nameof(RouteKind.None))]
    [InlineData("/metrics/job", nameof(RouteKind.None))]
    [InlineData("/metrics/job/", nameof(RouteKind.None))]
    [InlineData("/metrics/job@base64/", nameof(RouteKind.None))]
    [InlineData("/metrics/job@base64", nameof(RouteKind.None))]
    [InlineData("/metrics/jobs/a", nameof(RouteKind.None))]
    [InlineData("/METRICS/job/a", nameof(RouteKind.None))]
    [InlineData("/", nameof(RouteKind.None))]
    [InlineData("/metrics/job/a%zz", nameof(RouteKind.Malformed))]
    [InlineData("/metrics/job/a%2", nameof(RouteKind.Malformed))]
    [InlineData("/metrics/job/a/b/%", nameof(RouteKind.Malformed))]
    [InlineData("/metrics/job/a/x//y/2", nameof(RouteKind.Unclean))]
    [InlineData("/metrics/job/a//v", nameof(RouteKind.Unclean))]
    [InlineData("/metrics/job/a//", nameof(RouteKind.Unclean))]
    [InlineData("/metrics/job//instance/x", nameof(RouteKind.Unclean))]
    [InlineData("/metrics/job@base64//x/y", nameof(RouteKind.Unclean))]
    [InlineData("//metrics/job/a", nameof(RouteKind.Unclean))]
    [InlineData("/metrics//job/a", nameof(RouteKind.Unclean))]
    [InlineData("/metrics/job/./b", nameof(RouteKind.Unclean))]
    [InlineData("/metrics/job/a/b/..", nameof(RouteKind.Unclean))]
    [InlineData("/metrics/job/a/../b", nameof(RouteKind.Unclean))]
    [InlineData("/./metrics", nameof(RouteKind.Unclean))]
    public void OtherTargets(string target, string kind) => Assert.Equal(kind, Resolve(s_legacy, target).Kind.ToString());

    [Fact]
    public void PrefixAndTelemetryPath()
    {
        var paths = new PushPath(new ExpositionOptions { RoutePrefix = "gw/", TelemetryPath = "tele" });

        Assert.Equal(RouteKind.Telemetry, Resolve(paths, "/gw/tele").Kind);
        Assert.Equal("""{job="a"}""", Resolve(paths, "/gw/metrics/job/a").Key!.ToString());
        Assert.Equal("""{job="a"}""", Resolve(paths, "/gw/metrics/%6aob/a").Key!.ToString());
        Assert.Equal(RouteKind.None, Resolve(paths, "/gw/metrics").Kind);
        Assert.Equal(RouteKind.None, Resolve(paths, "/metrics/job/a").Kind);
    }

    [Fact]
    public void AnEscapedTelemetryPathIsFoundBelowEveryPrefix()
    {
        foreach (string prefix in new[] { "", "/gw", "/a/b" })
        {
            var paths = new PushPath(new ExpositionOptions { RoutePrefix = prefix });
            Assert.Equal(RouteKind.Telemetry, Resolve(paths, prefix + "/metric%73").Kind);
            Assert.Equal("""{job="x",y="z"}""", Resolve(paths, prefix + "/%6detrics/job/x/y/z").Key!.ToString());
        }
    }

    [Fact]
    public void ThousandsOfLabelsAreSortedAndTheLastOfEachNameWins()
    {
        var target = new StringBuilder("/metrics/job/j");
        for (int i = 0; i < 4000; i++)
        {
            target.Append($"/n{i * 7919 % 1000:d4}/{i}");
        }

        Route route = Resolve(s_legacy, target.ToString());

        string[] labels = [
            .. Enumerable.Range(0, 1000).Select(n => $"n{n:d4}=\"{Enumerable.Range(3000, 1000).Single(i => i * 7919 % 1000 == n)}\"")];
        Assert.Equal("{job=\"j\"," + string.Join(',', labels) + "}", route.Key!.ToString());
    }

    /// <summary>But only if something was stored under it and it is short: what strangers ask for in vain leaves nothing behind.</summary>
    [Fact]
    public void TheKeyOfASecondPushIsTheSameObject()
    {
        Route first = Resolve(s_legacy, "/metrics/job/a/x/1/y/2");
        Assert.True(first.IsNewKey);
        Assert.NotSame(first.Key, Resolve(s_legacy, "/metrics/job/a/y/2/x/1").Key);
        s_legacy.Keep(first.Key!);
        Route second = Resolve(s_legacy, "/metrics/job/a/y/2/x/1");
        Assert.Same(first.Key, second.Key);
        Assert.False(second.IsNewKey);

        string longest = "/metrics/job/" + new string('x', 600);
        s_legacy.Keep(Resolve(s_legacy, longest).Key!);
        Assert.True(Resolve(s_legacy, longest).IsNewKey);
    }

    // The key prints its labels in byte order; the job stands before or after the label under test.
    private static string SortedByName(string label, string key) =>
        string.CompareOrdinal(label, "job") < 0
            ? key
            : key.Replace($"job=\"j\",{label}=\"\"", $"{label}=\"\",job=\"j\"", StringComparison.Ordinal);
}
