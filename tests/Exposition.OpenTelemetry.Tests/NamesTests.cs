using System.Diagnostics.Metrics;
using Exposition.Formats;
using Exposition.Formats.Meters;
using Exposition.OpenTelemetry.Conversion;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>Names, units and labels, by the tables and sentences of the OpenTelemetry specification.</summary>
public sealed class NamesTests
{
    /// <summary>The table of units of the specification, and its rules around it.</summary>
    public static TheoryData<string, string?, string, string> Names { get; } = new()
    {
        { "gauge", "d", "a", "a_days" },
        { "gauge", "h", "a", "a_hours" },
        { "gauge", "min", "a", "a_minutes" },
        { "gauge", "s", "a", "a_seconds" },
        { "gauge", "ms", "a", "a_milliseconds" },
        { "gauge", "us", "a", "a_microseconds" },
        { "gauge", "ns", "a", "a_nanoseconds" },
        { "gauge", "By", "a", "a_bytes" },
        { "gauge", "KiBy", "a", "a_kibibytes" },
        { "gauge", "MiBy", "a", "a_mebibytes" },
        { "gauge", "GiBy", "a", "a_gibibytes" },
        { "gauge", "TiBy", "a", "a_tebibytes" },
        { "gauge", "kBy", "a", "a_kilobytes" },
        { "gauge", "MBy", "a", "a_megabytes" },
        { "gauge", "GBy", "a", "a_gigabytes" },
        { "gauge", "TBy", "a", "a_terabytes" },
        { "gauge", "m", "a", "a_meters" },
        { "gauge", "V", "a", "a_volts" },
        { "gauge", "A", "a", "a_amperes" },
        { "gauge", "J", "a", "a_joules" },
        { "gauge", "W", "a", "a_watts" },
        { "gauge", "g", "a", "a_grams" },
        { "gauge", "Cel", "a", "a_celsius" },
        { "gauge", "Hz", "a", "a_hertz" },
        { "gauge", "%", "a", "a_percent" },
        { "gauge", "1", "a", "a_ratio" },
        { "counter", "1", "a", "a_total" },
        { "updown", "1", "a", "a" },
        { "histogram", "1", "a", "a" },
        { "gauge", "m/s", "a", "a_meters_per_second" },
        { "counter", "By/min", "a", "a_bytes_per_minute_total" },
        { "gauge", "{packet}", "a", "a" },
        { "gauge", "{packet}/s", "a", "a_per_second" },
        { "gauge", "By{wasted}", "a", "a_bytes" },
        { "gauge", "furlong", "a", "a_furlong" },
        { "gauge", null, "a", "a" },
        { "gauge", "", "a", "a" },
        { "counter", null, "a.total", "a_total" },
        { "counter", "s", "a_total", "a_seconds_total" },
        { "counter", "s", "a_seconds_total", "a_seconds_total" },
        { "counter", "s", "a.seconds", "a_seconds_total" },
        { "gauge", null, "a_total", "a_total" },
        { "gauge", null, "http.server/active-requests", "http_server_active_requests" },
        { "gauge", null, "a..b__c-_d", "a_b_c_d" },
        { "histogram", "s", "http.server.request.duration", "http_server_request_duration_seconds" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Names_have_units_and_suffixes(string kind, string? unit, string name, string expected)
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(meter =>
        {
            switch (kind)
            {
                case "counter":
                    meter.CreateCounter<int>(name, unit).Add(1);
                    break;
                case "updown":
                    meter.CreateUpDownCounter<int>(name, unit).Add(1);
                    break;
                case "histogram":
                    meter.CreateHistogram<int>(name, unit).Record(1);
                    break;
                default:
                    meter.CreateGauge<int>(name, unit).Record(1);
                    break;
            }
        });
        Assert.Equal(expected, Assert.Single(bench.Samples.Select(static s => s.Family).Distinct()));
    }

    [Fact]
    public async Task With_another_escaping_names_keep_their_characters()
    {
        await using Bench bench = await Bench.StartAsync(NameScheme.Utf8);
        bench.Push(
            static meter => meter.CreateCounter<int>("http.server.bytes", "By").Add(1, new("url.path", "/"), new("__a", 1), new("b:c", 2)),
            static o => o.Escaping = EscapingScheme.AllowUtf8);
        Assert.Equal(
            "# TYPE \"http.server.bytes_total\" counter\n{\"http.server.bytes_total\",_a=\"1\",b_c=\"2\",\"url.path\"=\"/\"} 1\n",
            bench.Text);
        bench.Push(
            static meter => meter.CreateGauge<int>("http.server.load").Record(1),
            static o => o.Escaping = EscapingScheme.Dots);
        Assert.Contains("\nhttp_dot_server_dot_load 1\n", bench.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("http.request.method", "http_request_method")]
    [InlineData("", "_")]
    [InlineData("9lives", "_9lives")]
    [InlineData("__a", "_a")]
    [InlineData("a:b", "a_b")]
    [InlineData("é", "_")]
    [InlineData("a..b", "a_b")]
    public void Keys_become_label_names(string key, string expected) =>
        Assert.Equal([new Label(expected, "x")], Labels(isHistogram: false, (key, "x")));

    [Fact]
    public void Attributes_of_one_label_share_it_in_the_order_of_their_keys()
    {
        Assert.Equal([new Label("a_b", "1;2;3")], Labels(false, ("a_b", "3"), ("a.b", "2"), ("a-b", "1")));
        Assert.Equal([new Label("a_b", "2")], Labels(false, ("a.b", ""), ("a_b", "2")));
        Assert.Equal([new Label("a", "2")], Labels(false, ("a", "1"), ("a", "2")));
        Assert.Empty(Labels(false, ("a", ""), ("b", null)));
    }

    [Fact]
    public void Labels_of_the_group_and_of_buckets_are_not_overwritten()
    {
        Assert.Equal(
            [new Label("exported_instance", "2"), new Label("exported_job", "1;4"), new Label("le", "3")],
            Labels(false, ("job", "4"), ("instance", "2"), ("le", "3"), ("exported_job", "1")));
        Assert.Equal([new Label("exported_le", "3")], Labels(true, ("le", "3")));
    }

    [Fact]
    public void Values_are_text_without_a_culture()
    {
        Assert.Equal(
            [new Label("a", "1.5"), new Label("b", "true"), new Label("c", "[1,2]"), new Label("d", "[\"x\",\"y\"]"),
                new Label("e", "\uFFFD!")],
            Labels(false, ("a", 1.5), ("b", true), ("c", new[] { 1, 2 }), ("d", new[] { "x", "y" }), ("e", "\uD800!")));
    }

    [Fact]
    public async Task Scopes_are_labels_unless_they_are_switched_off()
    {
        await using Bench bench = await Bench.StartAsync();
        using var other = new Meter(new MeterOptions(bench.Meter.Name + ".Other")
        {
            Version = "2",
            TelemetrySchemaUrl = "https://schemas/1",
            Tags = [new("library.mascot", "gopher"), new("name", "not this")],
        });
        using MeterProvider provider = bench.Build(static o => o.WriteScopeLabels = true, builder => builder.AddMeter(other.Name));
        bench.Meter.CreateCounter<int>("rows").Add(1);
        other.CreateCounter<int>("rows").Add(2, new KeyValuePair<string, object?>("otel_scope_version", "mine"));
        Assert.True(provider.ForceFlush());
        string name = bench.Meter.Name;
        Assert.Equal(
            "# TYPE rows_total counter\n"
            + $"rows_total{{otel_scope_name=\"{name}\",otel_scope_version=\"1.2\"}} 1\n"
            + $"rows_total{{otel_scope_library_mascot=\"gopher\",otel_scope_name=\"{name}.Other\","
            + "otel_scope_schema_url=\"https://schemas/1\",otel_scope_version=\"mine\"} 2\n",
            bench.Text);
        Assert.Empty(bench.Log.Lines);
    }

    [Fact]
    public async Task The_resource_is_target_info_but_for_what_the_group_says()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(
            static meter => meter.CreateGauge<int>("a").Record(1),
            static o =>
            {
                o.Job = null;
                o.GroupByInstance = true;
            },
            static builder => builder.SetResourceBuilder(ResourceBuilder.CreateEmpty()
                .AddService("import", "shop", "3.1", autoGenerateServiceInstanceId: false, serviceInstanceId: "i/7")
                .AddAttributes([new("host.name", "db1"), new("job", "x"), new("cpus", 4L)])));
        Assert.StartsWith(
            "# HELP target_info Target metadata\n# TYPE target_info gauge\n"
            + "target_info{cpus=\"4\",exported_job=\"x\",host_name=\"db1\",service_version=\"3.1\"} 1\n",
            bench.Text, StringComparison.Ordinal);
        Assert.Equal(1, bench.Gateway.Value("a{instance=\"i/7\",job=\"shop/import\"}"));

        bench.Push(
            static meter => meter.CreateGauge<int>("b").Record(1),
            static o => o.WriteTargetInfo = false,
            static builder => builder.SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("import")));
        Assert.DoesNotContain("target_info", bench.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_service_the_job_is_unknown()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(static meter => meter.CreateGauge<int>("a").Record(1), static o => o.Job = null);
        Assert.Equal("unknown_service", bench.Gateway.Pushes[^1].Job);
    }

    private static Label[] Labels(bool isHistogram, params (string Key, object? Value)[] attributes)
    {
        var labels = new AttributeLabels(new MetricNames(EscapingScheme.Underscores).OfLabel, new HashSet<string> { "job", "instance" });
        foreach ((string key, object? value) in attributes)
        {
            labels.Add(key, TagText.Of(value));
        }

        return labels.Take(isHistogram ? "le" : null, out _);
    }
}
