using System.IO.Compression;
using System.Text;
using Exposition.Hosting;
using Exposition.Kestrel.Otlp;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Tests;

/// <summary>Metrics that are sent with OTLP, through both doors: what is stored, and what is answered.</summary>
public sealed class OtlpDoorsTests
{
    private const string Json = "Content-Type: application/json";
    private const string Protobuf = "Content-Type: application/x-protobuf";

    public static TheoryData<int> Doors => [0, 1];

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task What_is_sent_can_be_scraped_and_the_answer_is_empty(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        Assert.Equal((200, "{}"), await SendAsync(doors, door, Request(Sum(5, time: 1))));
        Assert.Equal("c_total{instance=\"\",job=\"j\"} 5\n", await StoreDoors.PushedAsync(doors.Ports[door]));
        Assert.Equal((200, ""), await StoreDoors.SendAsync(doors.Ports[door], "POST", "/v1/metrics", [], Protobuf));
        Assert.Equal((405, true), await StatusAsync(doors, door, "GET", Json));
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task Running_totals_are_summed_over_instances_and_a_restart_begins_anew(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        await TakenAsync(doors, door, Request(Sum(5, time: 2, start: 1), instance: "a"));
        await TakenAsync(doors, door, Request(Sum(7, time: 3, start: 1), instance: "b"));
        await TakenAsync(doors, door, Request(Sum(6, time: 4, start: 1), instance: "a"));
        Assert.Equal("c_total{instance=\"\",job=\"j\"} 13\n", await StoreDoors.PushedAsync(doors.Ports[door]));
        await TakenAsync(doors, door, Request(Sum(2, time: 6, start: 5_000_000_000), instance: "a"));
        Assert.Equal("c_total{instance=\"\",job=\"j\"} 15\n", await StoreDoors.PushedAsync(doors.Ports[door]));
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task A_running_total_that_comes_late_changes_nothing(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        foreach ((int value, int time) in (ValueTuple<int, int>[])[(10, 1), (12, 3), (10, 2), (14, 4)])
        {
            await TakenAsync(doors, door, Request(Sum(value, time, start: 1), instance: "a"));
        }

        Assert.Equal("c_total{instance=\"\",job=\"j\"} 14\n", await StoreDoors.PushedAsync(doors.Ports[door]));
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task A_restart_within_a_request_loses_nothing_of_what_was_counted_before(int door)
    {
        const long Second = 1_000_000_000;
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        await TakenAsync(doors, door, Request(Sum(5, time: 2 * Second, start: Second), instance: "a"));
        string before = Sum(9, time: 4 * Second, start: Second), after = Sum(2, time: 6 * Second, start: 5 * Second);
        string both = Request(before + "," + after + "," + Sum(1, time: 7 * Second, name: "other"), instance: "a");
        for (int i = 0; i < 2; i++)
        {
            await TakenAsync(doors, door, both);
            Assert.Equal(
                "c_total{instance=\"\",job=\"j\"} 11\nother_total{instance=\"\",job=\"j\"} 1\n",
                await StoreDoors.PushedAsync(doors.Ports[door]));
        }

        await TakenAsync(doors, door, Request(Sum(3, time: 8 * Second, start: 5 * Second) + "," + before, instance: "a"));
        Assert.StartsWith(
            "c_total{instance=\"\",job=\"j\"} 12\n", await StoreDoors.PushedAsync(doors.Ports[door]), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task A_request_with_too_many_pushes_of_a_job_is_refused_whole(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(static o => o.MaxPushesPerSecond = 1, withOtlp: true);

        // As many as there may be in 90 seconds: a job that was silent may send them, and waits for as long then.
        await TakenAsync(doors, door, Of(Enumerable.Range(0, 90)));
        (int status, string text) = await SendAsync(doors, door, Of([90, 91]));
        Assert.Equal((429, "{\"code\":8,\"message\":\"too many pushes of this job: more than 1 per second\"}"), (status, text));
        Assert.Equal("c_total{instance=\"\",job=\"j\"} 90\n", await StoreDoors.PushedAsync(doors.Ports[door]));

        static string Of(IEnumerable<int> instances) => "{\"resourceMetrics\":[" + string.Join(',', instances.Select(
            static instance => Request(Sum(1, time: 1), instance: $"i{instance}")["{\"resourceMetrics\":[".Length..^2])) + "]}";
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task A_delta_is_added_and_its_repetition_counts_once(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        string first = Request(Sum(5, time: 2, start: 1, temporality: 1));
        await TakenAsync(doors, door, first);
        await TakenAsync(doors, door, first);
        await TakenAsync(doors, door, Request(Sum(5, time: 3, start: 2, temporality: 1)));
        await TakenAsync(doors, door, first);
        Assert.Equal("c_total{instance=\"\",job=\"j\"} 10\n", await StoreDoors.PushedAsync(doors.Ports[door]));
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task One_request_may_have_gauges_deltas_and_running_totals(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        for (int i = 1; i <= 3; i++)
        {
            await TakenAsync(doors, door, Request(
                Gauge("g", i) + "," + Sum(i, time: i, name: "running") + "," + Sum(i, time: i, temporality: 1, name: "delta")
                + ",{\"name\":\"h\",\"exponentialHistogram\":{\"aggregationTemporality\":1,\"dataPoints\":[{\"timeUnixNano\":" + i
                + ",\"count\":2,\"sum\":3,\"positive\":{\"bucketCounts\":[1,1]}}]}}"));
        }

        Assert.Equal(
            "delta_total{instance=\"\",job=\"j\"} 6\ng{instance=\"\",job=\"j\"} 3\nh_sum{instance=\"\",job=\"j\"} 9\n"
                + "h_count{instance=\"\",job=\"j\"} 6\nrunning_total{instance=\"\",job=\"j\"} 3\n",
            string.Concat((await StoreDoors.PushedAsync(doors.Ports[door])).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(static line => !line.StartsWith("h_bucket", StringComparison.Ordinal)).Select(static line => line + "\n")));
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task A_source_without_an_instance_is_known_by_its_other_attributes(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        const string Host = ",{\"key\":\"host.name\",\"value\":{\"stringValue\":\"h\"}}";
        await TakenAsync(doors, door, Request(Sum(5, time: 1)));
        await TakenAsync(doors, door, Request(Sum(6, time: 2)));
        Assert.Equal("c_total{instance=\"\",job=\"j\"} 6\n", await StoreDoors.PushedAsync(doors.Ports[door]));
        await TakenAsync(doors, door, Request(Sum(10, time: 3), more: Host));
        Assert.Equal("c_total{instance=\"\",job=\"j\"} 16\n", await StoreDoors.PushedAsync(doors.Ports[door]));
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task Attributes_that_group_are_labels_and_the_namespace_is_part_of_the_job(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(
            static o =>
            {
                o.OtlpGroupingAttributes.Add("service.instance.id");
                o.OtlpGroupingAttributes.Add("host.name");
            },
            withOtlp: true);
        const string More = ",{\"key\":\"host.name\",\"value\":{\"stringValue\":\"h\"}},"
            + "{\"key\":\"service.namespace\",\"value\":{\"stringValue\":\"n\"}}";
        await TakenAsync(doors, door, Request(Gauge("g", 1), instance: "a", more: More));
        string scraped = await StoreDoors.ExchangeAsync(doors.Ports[door], "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8
            .ToArray());
        Assert.Contains("\ng{host_name=\"h\",instance=\"a\",job=\"n/j\"} 1\n", scraped, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task A_resource_without_a_service_name_is_rejected_and_the_others_are_stored(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        string nameless = "{\"scopeMetrics\":[{\"metrics\":[" + Gauge("g", 1) + "," + Gauge("h", 1) + "]}]}";
        (int status, string text) = await SendAsync(doors, door, "{\"resourceMetrics\":[" + nameless + "]}");
        Assert.Equal((400, "{\"code\":3,\"message\":\"a resource has no service.name, which names the job (2 points)\"}"), (status, text));
        (status, text) = await SendAsync(doors, door, Request(Gauge("g", 1)).Insert("{\"resourceMetrics\":[".Length, nameless + ","));
        Assert.Equal(
            (200, "{\"partialSuccess\":{\"rejectedDataPoints\":\"2\","
                + "\"errorMessage\":\"a resource has no service.name, which names the job (2 points)\"}}"),
            (status, text));
        Assert.Equal("g{instance=\"\",job=\"j\"} 1\n", await StoreDoors.PushedAsync(doors.Ports[door]));
        Assert.Contains(
            doors.Engine.Refusals.Read(), static refused => refused.Reason.Contains("service.name", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task Duplicate_and_late_points_of_a_request_are_told_apart(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        (int status, string text) = await SendAsync(doors, door, Request(
            "{\"name\":\"g\",\"gauge\":{\"dataPoints\":[{\"asInt\":2,\"timeUnixNano\":2},{\"asInt\":1,\"timeUnixNano\":1},"
                + "{\"asInt\":9,\"timeUnixNano\":2}]}}"));
        Assert.Equal(200, status);
        Assert.Contains("\"rejectedDataPoints\":\"1\"", text, StringComparison.Ordinal);
        Assert.Contains("the labels and the time of an earlier one", text, StringComparison.Ordinal);
        Assert.Equal("g{instance=\"\",job=\"j\"} 2\n", await StoreDoors.PushedAsync(doors.Ports[door]));
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task What_the_store_refuses_is_rejected_with_its_reason(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        await TakenAsync(doors, door, Request(Gauge("g", 1)));
        (int status, string text) = await SendAsync(
            doors, door, Request("{\"name\":\"g\",\"summary\":{\"dataPoints\":[{\"count\":1}]}}"));
        Assert.Equal(400, status);
        Assert.Contains("group {job=\\\"j\\\"}: ", text, StringComparison.Ordinal);
        Assert.Contains("gauge", text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task A_request_that_finds_no_room_is_to_be_repeated_and_counts_once_then(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(static o => o.MaxGroups = 1, withOtlp: true);
        string delta = Sum(5, time: 2, start: 1, temporality: 1);
        string both = Request(delta).Replace("\"resourceMetrics\":[", "\"resourceMetrics\":[" + Request(delta, service: "k")
            .Replace("{\"resourceMetrics\":[", "", StringComparison.Ordinal)[..^2] + ",", StringComparison.Ordinal);
        for (int i = 0; i < 2; i++)
        {
            (int status, string text) = await SendAsync(doors, door, both);
            Assert.Equal(503, status);
            Assert.StartsWith("{\"code\":14,\"message\":", text, StringComparison.Ordinal);
            Assert.EndsWith(
                "; 1 of 2 pushes of the request are stored, and count once when it is sent again\"}", text, StringComparison.Ordinal);
        }

        string scraped = await StoreDoors.ExchangeAsync(doors.Ports[door], "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8
            .ToArray());
        Assert.Contains("\nc_total{instance=\"\",job=\"k\"} 5\n", scraped, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_there_is_no_turn_for_the_rest_of_a_request_it_is_said_how_much_is_stored()
    {
        var batch = new OtlpBatch(sender: null);
        var resource = new OtlpResource(Engine.GroupingKey.Create(("job", "j")), null, "source");
        batch.Pushes.AddRange(Enumerable.Range(0, 3).Select(i => new OtlpPush(resource, default, [], [], $"{i}", Points: 5)));
        batch.Take(new Answer(200));
        OtlpOutcome outcome = batch.End(Answer.NoTurn);
        Assert.Equal((503, 5L), (outcome.Answer.Status, outcome.Stored));
        Assert.Equal(
            Answer.NoTurn.Text + "; 1 of 3 pushes of the request are stored, and count once when it is sent again", outcome.Answer.Text);
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task Limits_and_malformed_requests_are_answered_as_the_protocol_says(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(
            static o =>
            {
                o.MaxPushesPerSecond = 1;
                o.MaxSeriesPerPush = 3;
                o.MaxBodyBytes = 2000;
                o.MaxOtlpAttributes = 1;
            },
            withOtlp: true);
        string many = Request(string.Join(',', Enumerable.Range(0, 4).Select(static i => Gauge("g" + i, i))));
        Assert.Equal((413, "{\"code\":8,\"message\":\"the request has more than 3 data points (--limit.series-per-push)\"}"),
            await SendAsync(doors, door, many));
        Assert.Equal(413, (await SendAsync(doors, door, new string(' ', 2001))).Status);
        Assert.Equal(400, (await SendAsync(doors, door, "{")).Status);
        (int status, string text) = await StoreDoors.SendAsync(doors.Ports[door], "POST", "/v1/metrics", [8, 1], Protobuf);
        Assert.Equal(400, status);
        Assert.StartsWith("\b\u0003\u0012", text, StringComparison.Ordinal);
        Assert.Contains("expected 2", text, StringComparison.Ordinal);
        Assert.Equal((415, true), await StatusAsync(doors, door, "POST", "Content-Type: text/plain"));
        Assert.Equal((415, true), await StatusAsync(doors, door, "POST", Json, "Content-Encoding: br"));
        Assert.Equal((403, true), await StatusAsync(doors, door, "POST", Json, "Sec-Fetch-Site: cross-site", "Origin: http://evil"));
        await TakenAsync(doors, door, Request(Gauge("g", 1)));
        Assert.Equal((429, true), await StatusAsync(doors, door, "POST", Json));
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task Packed_requests_are_unpacked(int door)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(withOtlp: true);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(Request(string.Join(',', Enumerable.Range(0, 5000).Select(static i => Gauge("g" + i, i))))));
        }

        Assert.Equal((200, "{}"), await StoreDoors.SendAsync(
            doors.Ports[door], "POST", "/v1/metrics", packed.ToArray(), Json, "Content-Encoding: gzip"));
        Assert.Contains("g4999{instance=\"\",job=\"j\"} 4999\n", await StoreDoors.PushedAsync(doors.Ports[door]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Until_the_state_is_loaded_requests_are_to_be_repeated_and_what_is_not_on_disk_is_said()
    {
        var gate = new Gate();
        await using StoreDoors doors = await StoreDoors.StartAsync(o => o.CommitGate = gate, withOtlp: true);
        Assert.Equal(503, (await SendAsync(doors, 0, Request(Gauge("g", 1)))).Status);
        gate.IsOpen = true;
        Assert.Equal((503, "{\"code\":14,\"message\":\"stored in memory, but not on disk: full\"}"),
            await SendAsync(doors, 0, Request(Gauge("g", 1))));
    }

    private static async Task<(int Status, string Text)> SendAsync(StoreDoors doors, int door, string json) =>
        await StoreDoors.SendAsync(doors.Ports[door], "POST", "/v1/metrics", Encoding.UTF8.GetBytes(json), Json);

    private static async Task TakenAsync(StoreDoors doors, int door, string json) =>
        Assert.Equal((200, "{}"), await SendAsync(doors, door, json));

    // Whether it says nothing to pages of other sites.
    private static async Task<(int Status, bool IsClosed)> StatusAsync(StoreDoors doors, int door, string method, params string[] headers)
    {
        byte[] body = Encoding.UTF8.GetBytes(Request(Gauge("g", 1)));
        string head = $"{method} /v1/metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            + string.Concat(headers.Select(static h => h + "\r\n")) + $"Content-Length: {body.Length}\r\n\r\n";
        string answer = await StoreDoors.ExchangeAsync(doors.Ports[door], [.. Encoding.Latin1.GetBytes(head), .. body]);
        return (int.Parse(answer[9..12], System.Globalization.CultureInfo.InvariantCulture),
            !answer.Contains("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    private static string Request(string metrics, string? instance = null, string more = "", string service = "j") =>
        "{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"" + service + "\"}}"
            + (instance is null ? "" : ",{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"" + instance + "\"}}") + more
            + "]},\"scopeMetrics\":[{\"metrics\":[" + metrics + "]}]}]}";

    private static string Gauge(string name, int value) =>
        "{\"name\":\"" + name + "\",\"gauge\":{\"dataPoints\":[{\"asInt\":" + value + "}]}}";

    private static string Sum(int value, long time, long start = 0, int temporality = 2, string name = "c") =>
        "{\"name\":\"" + name + "\",\"sum\":{\"aggregationTemporality\":" + temporality + ",\"isMonotonic\":true,"
            + "\"dataPoints\":[{\"asInt\":" + value + ",\"timeUnixNano\":" + time + ",\"startTimeUnixNano\":" + start + "}]}}";

    private sealed class Gate : ICommitGate
    {
        public bool IsOpen { get; set; }

        public Task<string?> Confirm() => Task.FromResult<string?>("full");
    }
}
