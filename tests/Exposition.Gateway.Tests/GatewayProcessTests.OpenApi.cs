using System.Text;
using System.Text.Json;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Hosting;
using Exposition.Kestrel.Routing;

namespace Exposition.Gateway.Tests;

// The description of the API is written by hand: these hold it to the program.
public partial class GatewayProcessTests
{
    private static readonly JsonElement s_api = JsonDocument.Parse(
        File.ReadAllText(Path.Combine(Checkout.Root, "src/Exposition.Kestrel/Api/openapi.json"))).RootElement;

    private static readonly JsonSchema s_schema = new(s_api);

    private static IEnumerable<(string Path, string Method, JsonElement Operation)> Operations =>
        from path in s_api.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        where operation.Name != "parameters"
        select (path.Name, operation.Name, operation.Value);

    [Fact]
    public void The_description_of_the_api_is_a_valid_document()
    {
        Assert.StartsWith("3.1.", s_api.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.All(["title", "version"], static name => Assert.NotEmpty(s_api.GetProperty("info").GetProperty(name).GetString()!));
        string[] tags = [.. s_api.GetProperty("tags").EnumerateArray().Select(static tag => tag.GetProperty("name").GetString()!)];
        var ids = new HashSet<string>();
        foreach ((string path, string method, JsonElement operation) in Operations)
        {
            Assert.StartsWith("/", path, StringComparison.Ordinal);
            Assert.Contains(method, (string[])["get", "put", "post", "delete"]);
            Assert.True(ids.Add(operation.GetProperty("operationId").GetString()!), $"{method} {path}: its operationId is taken");
            Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
            Assert.All(operation.GetProperty("tags").EnumerateArray(), tag => Assert.Contains(tag.GetString(), tags));
            string[] named = [.. Parameters(path, operation).Where(static one => one.GetProperty("in").GetString() == "path")
                .Select(static one => one.GetProperty("name").GetString()!)];
            Assert.Equal(path.Split('{').Skip(1).Select(static part => part.Split('}')[0]), named);
            Assert.All(Parameters(path, operation), static one => Assert.True(one.TryGetProperty("schema", out _)));
            Assert.NotEmpty(operation.GetProperty("responses").EnumerateObject());
            foreach (JsonProperty response in operation.GetProperty("responses").EnumerateObject())
            {
                JsonElement described = s_schema.Resolve(response.Value);
                Assert.Equal(3, response.Name.Length);
                Assert.NotEmpty(described.GetProperty("description").GetString()!);
                if (described.TryGetProperty("content", out JsonElement content)
                    && content.TryGetProperty("application/json", out JsonElement json)
                    && json.TryGetProperty("example", out JsonElement example))
                {
                    Assert.Empty(s_schema.Faults(json.GetProperty("schema"), example, $"{method} {path} {response.Name}"));
                }
            }
        }

        Assert.All(References(s_api), static reference => s_schema.Resolve(reference));
    }

    [Fact]
    public void The_description_of_the_api_has_the_routes_of_the_program_and_no_others()
    {
        RouteTable<RouteOwner> outer = Routes.Outer(Flags.Parse(["--web.enable-otlp"]));
        RouteTable<RouteOwner> api = Routes.Api(withAdmin: true);
        IEnumerable<string> served = outer.All.Select(static route => Described(route, ""))
            .Concat(api.All.Where(static route => route.Method != "OPTIONS").Select(static route => Described(route, "/api/v1")));
        Assert.Equal(
            served.Order(StringComparer.Ordinal),
            Operations.Select(static one => $"{one.Method.ToUpperInvariant()} {one.Path}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Each_described_route_answers_as_it_is_described()
    {
        using Gateway gateway = await Gateway.StartAsync("--web.enable-admin-api", "--web.enable-otlp", "--push.expire-after=26h");
        foreach ((string path, string body, string expected) in ((string, string, string)[])[
            ("metrics/job/j", "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n# TYPE s summary\ns{quantile=\"0.5\"} 1\n"
                + "s_sum 1\ns_count 1\n# HELP g G.\ng 1\n", "OK"),
            ("metrics/job/j/a/b", "other 1\n", "OK"), ("metrics/job/f", "g 1 5\n", "BadRequest"), ("metrics/job/j", "no\n", "BadRequest")])
        {
            using var push = new StringContent(body);
            Assert.Equal(expected, (await gateway.Client.PutAsync(path, push)).StatusCode.ToString());
        }

        string[] queries =
            ["", "?limit=1", "?limit=1&after=am9i_2o", "?match[]={job=\"f\"}&sort=key&details=true", "?match[]={", "?limit=x"];
        foreach ((string path, string method, JsonElement operation) in Operations.OrderBy(static one => one.Method == "delete" ? 1
            : one.Path.EndsWith("wipe", StringComparison.Ordinal) || one.Path.EndsWith("quit", StringComparison.Ordinal) ? 2 : 0))
        {
            string address = path.Replace("{job}", "ag", StringComparison.Ordinal).Replace("{labels}", "a/b", StringComparison.Ordinal)
                .Replace("{file}", "page.css", StringComparison.Ordinal);
            bool readsApi = method == "get" && path.StartsWith("/api", StringComparison.Ordinal);
            string[] asked = readsApi ? queries : path.EndsWith("admin/groups", StringComparison.Ordinal)
                ? ["?match[]={job=\"j\"}&dry-run=true", "?match[]={}", "?match[]={job=\"j\"}&expect=7", "?match[]={job=\"j\"}"] : [""];
            foreach (string query in asked)
            {
                using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), address + query);
                request.Content = method is "put" or "post" ? new ByteArrayContent(Encoding.UTF8.GetBytes("a 1\n")) : null;
                using HttpResponseMessage answer = await gateway.Client.SendAsync(request);
                string body = await answer.Content.ReadAsStringAsync();
                string where = $"{method} {address}{query}: {(int)answer.StatusCode} {body}";
                Assert.True(
                    operation.GetProperty("responses").TryGetProperty($"{(int)answer.StatusCode}", out JsonElement response), where);
                Assert.True((int)answer.StatusCode < 404 || path.EndsWith("snapshot", StringComparison.Ordinal)
                    || path.EndsWith("quit", StringComparison.Ordinal) || path.EndsWith("reload", StringComparison.Ordinal)
                    || (int)answer.StatusCode == (path == "/v1/metrics" ? 415 : 409), where);
                if (answer.Content.Headers.ContentType?.MediaType == "application/json")
                {
                    JsonElement schema = s_schema.Resolve(response).GetProperty("content").GetProperty("application/json")
                        .GetProperty("schema");
                    using JsonDocument read = JsonDocument.Parse(body);
                    Assert.Empty(s_schema.Faults(schema, read.RootElement, where[..Math.Min(where.Length, 100)]));
                }
            }
        }

        Assert.Equal(JsonSerializer.Serialize(s_api), JsonSerializer.Serialize(
            JsonDocument.Parse(await gateway.Client.GetStringAsync("api/v1/openapi.json")).RootElement));
    }

    [Fact]
    public async Task Each_key_of_the_page_is_described_and_answers_as_it_is_described()
    {
        using Gateway gateway = await Gateway.StartAsync();
        using var push = new StringContent("# HELP a A.\na 1\n");
        await gateway.Client.PutAsync("metrics/job/j", push);
        JsonElement page = Operations.Single(static one => one is { Path: "/", Method: "get" }).Operation;
        JsonElement[] keys = [.. Parameters("/", page)];
        Assert.Equal(["match", "state", "sort", "dir", "limit", "after", "by", "view", "group", "from", "as"],
            keys.Select(static key => key.GetProperty("name").GetString()));
        IEnumerable<string> queries = from key in keys
                                      where key.GetProperty("schema").TryGetProperty("enum", out _)
                                      from value in key.GetProperty("schema").GetProperty("enum").EnumerateArray()
                                      select $"?group=am9i_2o&{key.GetProperty("name").GetString()}={value.GetString()}";
        foreach ((string query, int expected) in (
            (string, int)[])[.. queries.SelectMany(static query => ((string, int)[])[(query, 200), (query[15..].Insert(0, "?"), 200)]),
                ("?match={job=", 400), ("?match={job=\"j\"}&limit=1&after=x&from=1", 200), ("?group=none", 404), ("?group=am9i_25v&as=json", 404)])
        {
            using HttpResponseMessage answer = await gateway.Client.GetAsync(query);
            string body = await answer.Content.ReadAsStringAsync();
            Assert.True(expected == (int)answer.StatusCode, $"{query}: {(int)answer.StatusCode} {body}");
            JsonElement content = s_schema.Resolve(page.GetProperty("responses").GetProperty($"{expected}")).GetProperty("content");
            JsonElement schema = content.GetProperty(answer.Content.Headers.ContentType!.MediaType!).GetProperty("schema");
            if (answer.Content.Headers.ContentType.MediaType == "application/json")
            {
                using JsonDocument read = JsonDocument.Parse(body);
                Assert.Empty(s_schema.Faults(schema, read.RootElement, query));
            }
        }
    }

    private static IEnumerable<JsonElement> Parameters(string path, JsonElement operation) =>
        from owner in (JsonElement[])[s_api.GetProperty("paths").GetProperty(path), operation]
        where owner.TryGetProperty("parameters", out _)
        from parameter in owner.GetProperty("parameters").EnumerateArray()
        select parameter;

    private static string Described(Route<RouteOwner> route, string above) => route.Method + " " + above + route.Path + route.Tail switch
    {
        RouteTail.Job => "{job}/{labels}",
        RouteTail.Any => "{file}",
        _ => "",
    };

    private static IEnumerable<JsonElement> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        JsonValueKind.Object when element.TryGetProperty("$ref", out _) => [element],
        JsonValueKind.Object => element.EnumerateObject().SelectMany(static property => References(property.Value)),
        _ => [],
    };
}
