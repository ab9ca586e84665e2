using Exposition.Kestrel.Routing;

namespace Exposition.Gateway.Tests;

public class RouteTests
{
    private static readonly RouteTable<string> s_table = new(
    [
        new("GET", "/metrics", RouteTail.None, "scrape"),
        new("GET", "/-/healthy", RouteTail.None, "healthy"),
        new("PUT", "/-/quit", RouteTail.None, "quit"),
        new("POST", "/-/quit", RouteTail.None, "quit"),
        new("GET", "/-/quit", RouteTail.None, "quit-get"),
        new("GET", "/", RouteTail.None, "page"),
        new("GET", "/status", RouteTail.None, "page"),
        new("GET", "/static/", RouteTail.Any, "static"),
        new("PUT", "/metrics/job/", RouteTail.Job, "push"),
        new("POST", "/metrics/job/", RouteTail.Job, "push"),
        new("DELETE", "/metrics/job/", RouteTail.Job, "push"),
        new("PUT", "/metrics/job@base64/", RouteTail.Job, "push"),
    ]);

    // Every line was observed on the reference.
    [Theory]
    [InlineData("GET", "/metrics", "scrape")]
    [InlineData("GET", "/metrics/", "->/metrics")]
    [InlineData("GET", "/Metrics", "->/metrics")]
    [InlineData("HEAD", "/metrics", "405 GET, OPTIONS")]
    [InlineData("POST", "/metrics", "405 GET, OPTIONS")]
    [InlineData("FOO", "/metrics", "405 GET, OPTIONS")]
    [InlineData("GET", "/-/healthy/", "->/-/healthy")]
    [InlineData("GET", "/-/Healthy/", "->/-/healthy")]
    [InlineData("HEAD", "/-/healthy/", "404")]
    [InlineData("DELETE", "/-/healthy/", "404")]
    [InlineData("PATCH", "/-/quit", "405 GET, OPTIONS, POST, PUT")]
    [InlineData("OPTIONS", "/", "405 GET, OPTIONS")]
    [InlineData("GET", "/Status", "->/status")]
    [InlineData("POST", "/Status", "404")]
    [InlineData("GET", "/static", "->/static/")]
    [InlineData("GET", "/static/a/b", "static")]
    [InlineData("GET", "/metrics/job", "404")]
    [InlineData("GET", "/metrics/job/", "404")]
    [InlineData("POST", "/metrics/job/", "->/metrics/job")]
    [InlineData("POST", "/metrics/job", "404")]
    [InlineData("PUT", "/metrics/job@base64/", "404")]
    [InlineData("POST", "/Metrics/JOB/a", "->/metrics/job/a")]
    [InlineData("PUT", "/metrics/job/a/x/1", "push")]
    [InlineData("GET", "/metrics/job/a", "405 DELETE, OPTIONS, POST, PUT")]
    [InlineData("OPTIONS", "/metrics/job/a/b", "405 DELETE, OPTIONS, POST, PUT")]
    [InlineData("GET", "/nothing", "404")]
    [InlineData("OPTIONS", "/nothing", "404")]
    public void Requests_go_where_the_reference_sends_them(string method, string path, string expected)
    {
        RouteMatch<string> match = s_table.Find(method, path);
        Assert.Equal(
            expected, match.Route?.Handler ?? (match.Redirect is { } to ? "->" + to : match.Allow is { } allow ? "405 " + allow : "404"));
    }

    [Fact]
    public void A_route_for_options_makes_no_path_known() =>
        Assert.Equal(default, new RouteTable<string>([new("OPTIONS", "/", RouteTail.Any, "preflight")]).Find("GET", "/x"));

    [Fact]
    public void Two_routes_of_one_path_are_found()
    {
        Assert.Null(s_table.Conflict());
        Assert.NotNull(new RouteTable<string>([new("GET", "/", RouteTail.None, "a"), new("GET", "/", RouteTail.None, "b")]).Conflict());
        Assert.NotNull(
            new RouteTable<string>([new("GET", "/static/x", RouteTail.None, "a"), new("GET", "/static/", RouteTail.Any, "b")]).Conflict());
    }

    [Theory]
    [InlineData("/a%20b?x=%zz", "/a b", "?x=%zz")]
    [InlineData("/%2e%2E/x", "/../x", "")]
    [InlineData("http://h:1/p?q", "/p", "?q")]
    [InlineData("http://h", "/", "")]
    [InlineData("http://h?q", "/", "?q")]
    [InlineData("/%ff", "/\u00ff", "")]
    [InlineData("//x", "//x", "")]
    public void Targets_are_cut_and_decoded(string target, string path, string query)
    {
        (string escaped, string actualQuery) = RequestTarget.Cut(RequestTarget.OriginForm(target));
        Assert.True(RequestTarget.TryDecode(escaped, out string actualPath));
        Assert.Equal((path, query), (actualPath, actualQuery));
    }

    [Theory]
    [InlineData("/%zz")]
    [InlineData("/%")]
    [InlineData("/%4")]
    [InlineData("/% 1")]
    public void Malformed_escapes_are_refused(string target) => Assert.False(RequestTarget.TryDecode(target, out _));

    [Theory]
    [InlineData("//static/", "/static/")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/../../b/", "/b/")]
    [InlineData("/a/./b/.", "/a/b")]
    [InlineData("//", "/")]
    [InlineData("/", "/")]
    [InlineData("/a/b", "/a/b")]
    public void Paths_are_cleaned(string path, string expected) => Assert.Equal(expected, PathCleaner.Clean(path));

    [Fact]
    public void Locations_are_escaped_as_in_go() =>
        Assert.Equal("/a%20b/%3F%FF%22%3C$&+,/:;=@~", PathCleaner.EscapePath("/a b/?\u00ff\"<$&+,/:;=@~"));
}
