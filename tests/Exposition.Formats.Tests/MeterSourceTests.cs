using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;

namespace Exposition.Formats.Tests;

/// <summary>Meters of the process as families: each test has a meter of its own, by a name that nobody else has.</summary>
public sealed partial class MeterSourceTests : IDisposable
{
    private readonly string _name = "Test." + Guid.NewGuid().ToString("N");
    private readonly Meter _meter;
    private readonly MeterSource _source;

    public MeterSourceTests()
    {
        _meter = new Meter(_name);
        _source = new MeterSource(_name);
    }

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void All_kinds_are_shown_in_order()
    {
        double level = 3;
        _meter.CreateObservableGauge("z.level", () => level, "1", "How full it is.");
        _meter.CreateObservableCounter("y.cpu", () => new[] { Measured(1.5, ("mode", "user")), Measured(0.5, ("mode", "idle")) }, "s");
        _meter.CreateObservableUpDownCounter("x.queue", () => -2);
        Counter<int> rows = _meter.CreateCounter<int>("rows");
        UpDownCounter<long> open = _meter.CreateUpDownCounter<long>("open");
        Gauge<double> heat = _meter.CreateGauge<double>("heat", "Cel");
        Histogram<double> wait = _meter.CreateHistogram(
            "wait", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2] });
        rows.Add(2, Tag("t", "b"));
        rows.Add(3, Tag("t", "a"));
        rows.Add(1, Tag("t", "b"));
        open.Add(5);
        open.Add(-7);
        heat.Record(20);
        heat.Record(-1.5);
        wait.Record(1);
        wait.Record(1.5);
        wait.Record(99);

        Assert.Equal(
            """
            # TYPE heat_celsius gauge
            heat_celsius -1.5
            # TYPE open gauge
            open -2
            # TYPE rows_total counter
            rows_total{t="a"} 3
            rows_total{t="b"} 3
            # TYPE wait_seconds histogram
            wait_seconds_bucket{le="1"} 1
            wait_seconds_bucket{le="2"} 2
            wait_seconds_bucket{le="+Inf"} 3
            wait_seconds_sum 101.5
            wait_seconds_count 3
            # TYPE x_queue gauge
            x_queue -2
            # TYPE y_cpu_seconds_total counter
            y_cpu_seconds_total{mode="idle"} 0.5
            y_cpu_seconds_total{mode="user"} 1.5
            # HELP z_level_ratio How full it is.
            # TYPE z_level_ratio gauge
            z_level_ratio 3

            """,
            Text());
    }

    [Fact]
    public void Numbers_of_all_types_are_taken()
    {
        _meter.CreateCounter<byte>("a").Add(1);
        _meter.CreateCounter<short>("b").Add(2);
        _meter.CreateCounter<int>("c").Add(3);
        _meter.CreateCounter<long>("d").Add(4);
        _meter.CreateCounter<float>("e").Add(5.5f);
        _meter.CreateCounter<double>("f").Add(6.5);
        _meter.CreateCounter<decimal>("g").Add(7.5m);
        Assert.Equal("a_total 1|b_total 2|c_total 3|d_total 4|e_total 5.5|f_total 6.5|g_total 7.5", Samples());
    }

    [Fact]
    public void Advice_is_taken_for_all_types_and_defaults_go_by_unit()
    {
        _meter.CreateHistogram("a", null, null, null, new InstrumentAdvice<int> { HistogramBucketBoundaries = [3] }).Record(3);
        _meter.CreateHistogram("b", null, null, null, new InstrumentAdvice<decimal> { HistogramBucketBoundaries = [0.5m] }).Record(1);
        _meter.CreateHistogram("c", null, null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [] }).Record(1);
        _meter.CreateHistogram<double>("d", "s").Record(0.2);
        _meter.CreateHistogram<double>("e", "ms").Record(200);
        string text = Text();
        Assert.Contains("a_bucket{le=\"3\"} 1\na_bucket{le=\"+Inf\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("b_bucket{le=\"0.5\"} 0\nb_bucket{le=\"+Inf\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("histogram\nc_bucket{le=\"+Inf\"} 1\nc_sum 1\n", text, StringComparison.Ordinal);
        Assert.Contains("d_seconds_bucket{le=\"0.1\"} 0\nd_seconds_bucket{le=\"0.25\"} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("d_seconds_bucket{le=\"0\"}", text, StringComparison.Ordinal);
        Assert.Contains("e_milliseconds_bucket{le=\"100\"} 0\ne_milliseconds_bucket{le=\"250\"} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Tags_of_meter_instrument_and_measurement_are_labels_and_the_nearest_wins()
    {
        using var meter = new Meter(_name, "2", [Tag("env", "prod"), Tag("zone", "a")]);
        Counter<int> counter = meter.CreateCounter<int>("c", null, null, [Tag("part", 7), Tag("zone", "b")]);
        counter.Add(1);
        counter.Add(1, Tag("zone", "c"), Tag("ok", true), Tag("none", null), Tag("empty", ""), Tag("pi", 3.5));
        Assert.Equal(
            "c_total{env=\"prod\",ok=\"true\",part=\"7\",pi=\"3.5\",zone=\"c\"} 1|c_total{env=\"prod\",part=\"7\",zone=\"b\"} 1",
                Samples());
    }

    [Fact]
    public void Labels_that_collide_or_are_taken_are_not_lost()
    {
        _meter.CreateCounter<int>("c").Add(1, Tag("a.b", "2"), Tag("a-b", "1"), Tag("le", "x"));
        _meter.CreateHistogram("h", null, null, null, new InstrumentAdvice<int> { HistogramBucketBoundaries = [] }).Record(
            1, Tag("le", "x"));
        Assert.Equal(
            "c_total{a_b=\"1;2\",le=\"x\"} 1|h_bucket{exported_le=\"x\",le=\"+Inf\"} 1|h_sum{exported_le=\"x\"} 1|h_count{exported_le=\"x\"} 1",
            Samples());
    }

    [Fact]
    public void Values_that_are_no_text_become_one()
    {
        _meter.CreateCounter<int>("c").Add(
            1, Tag("array", new[] { "a\"b", null }), Tag("date", new DateTime(2026, 1, 2)), Tag("day", DayOfWeek.Friday),
                Tag("half", "\ud83d"),
            Tag("numbers", new[] { 1, 2 }), Tag("throws", new Throwing()));
        Assert.Equal(
            "c_total{array=\"[\\\"a\\\\u0022b\\\",null]\",date=\"01/02/2026 00:00:00\",day=\"Friday\",half=\"\ufffd\",numbers=\"[1,2]\","
                + "throws=\"Exposition.Formats.Tests.MeterSourceTests+Throwing\"} 1",
            Samples());
    }

    [Fact]
    public void Tags_in_another_order_are_the_same_series()
    {
        Counter<int> counter = _meter.CreateCounter<int>("c");
        counter.Add(1, Tag("a", 1), Tag("b", 2));
        counter.Add(2, Tag("b", 2), Tag("a", 1));
        counter.Add(4, Tag("a", "1"), Tag("b", 2L));
        Assert.Equal("c_total{a=\"1\",b=\"2\"} 7", Samples());
    }

    [Fact]
    public void An_instrument_that_is_made_again_goes_on()
    {
        for (int i = 0; i < 3; i++)
        {
            using var again = new Meter(_name, "1", [Tag("tenant", i % 2)]);
            again.CreateCounter<int>("c").Add(1);
            again.CreateObservableGauge("g", () => 1);
            Assert.Contains("g{", Samples(), StringComparison.Ordinal);
        }

        Assert.Equal("c_total{tenant=\"0\"} 2|c_total{tenant=\"1\"} 1", Samples());
        Assert.Empty(_source.LeftOut);
    }

    [Fact]
    public void Values_that_an_instrument_cannot_have_are_counted_and_not_taken()
    {
        Counter<double> counter = _meter.CreateCounter<double>("c");
        counter.Add(1);
        counter.Add(-1);
        counter.Add(double.NaN);
        _meter.CreateGauge<double>("g").Record(double.NaN);
        _meter.CreateHistogram<double>("h").Record(double.NaN);
        Assert.Equal("c_total 1|g NaN", Samples());
        Assert.Equal(3, _source.IgnoredMeasurements);
    }

    [Theory]
    [InlineData("MyApp", "MyApp", true)]
    [InlineData("MyApp", "myapp", true)]
    [InlineData("MyApp", "MyApp.Db", false)]
    [InlineData("MyApp*", "MyApp.Db", true)]
    [InlineData("MyApp.*", "MyApp", false)]
    [InlineData("*", "anything", true)]
    public void Meters_are_chosen_by_name_or_beginning(string pattern, string meter, bool isChosen) =>
        Assert.Equal(isChosen, new Meters.MeterPatterns([pattern]).Match(meter));

    [Fact]
    public void What_is_no_choice_is_refused()
    {
        Assert.Throws<ArgumentException>(static () => new MeterSource());
        Assert.Throws<ArgumentException>(static () => new MeterSource("My*App"));
        Assert.Throws<ArgumentException>(static () => new MeterSource(" "));
    }

    [Fact]
    public void Each_option_that_is_wrong_is_named_with_its_type_and_what_was_expected()
    {
        string none = Assert.Throws<ArgumentException>(static () => new MeterSource(new MeterSourceOptions())).Message;
        string all = Assert.Throws<ArgumentException>(static () => new MeterSource(
            new MeterSourceOptions { Meters = { "a", "My*App" }, MaxSeriesPerInstrument = 0, MaxInstruments = -1 })).Message;

        Assert.StartsWith("MeterSourceOptions.Meters is empty: expected names such as \"MyApp\"", none, StringComparison.Ordinal);
        Assert.StartsWith(
            "MeterSourceOptions.Meters has \"My*App\": expected a name, or its beginning with an asterisk at the end: \"MyApp.*\"; "
            + "MeterSourceOptions.MaxSeriesPerInstrument is 0: expected at least 1; MeterSourceOptions.MaxInstruments is -1: expected at ",
            all, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_lost_among_threads()
    {
        Counter<int> counter = _meter.CreateCounter<int>("c");
        Histogram<int> histogram = _meter.CreateHistogram<int>("h");
        Parallel.For(0, 8, thread =>
        {
            for (int i = 0; i < 5000; i++)
            {
                counter.Add(1, Tag("i", i % 50));
                histogram.Record(1, Tag("i", i % 50));
                if (i % 1000 == 0)
                {
                    Samples();
                }
            }
        });
        string[] samples = Samples().Split('|');
        Assert.Equal(50, samples.Count(
            static sample => sample.StartsWith("c_total{", StringComparison.Ordinal) && sample.EndsWith(" 800", StringComparison.Ordinal)));
        Assert.Equal(50, samples.Count(
            static sample => sample.StartsWith("h_count{", StringComparison.Ordinal) && sample.EndsWith(" 800", StringComparison.Ordinal)));
    }

    [Fact]
    public void Measuring_with_known_tags_allocates_nothing()
    {
        Counter<long> counter = _meter.CreateCounter<long>("c");
        Histogram<double> histogram = _meter.CreateHistogram<double>("h", "s");
        var table = new KeyValuePair<string, object?>("table", "users");
        object code = 200;
        var status = new KeyValuePair<string, object?>("code", code);
        void Measure()
        {
            counter.Add(1);
            counter.Add(1, table);
            counter.Add(1, table, status);
            histogram.Record(0.3, status);
        }

        Allocation.AssertNone(Measure);
    }

    [Fact]
    public void Disposed_it_hears_and_gives_nothing()
    {
        Counter<int> counter = _meter.CreateCounter<int>("c");
        counter.Add(1);
        _source.Dispose();
        counter.Add(1);
        Assert.Equal("", Text());
    }

    // What is written is read again, strictly, by the reader of pushes.
    private string Text(MeterSource? source = null)
    {
        var set = new FamilySet();
        (source ?? _source).Collect(set);
        var output = new ArrayBufferWriter<byte>();
        for (int family = 0; family < set.Families.Length; family++)
        {
            FamilyRow row = set.Families[family];
            TextFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.AllowUtf8, output);
            TextFormat.WriteSamples(set, family, EscapingScheme.AllowUtf8, output);
        }

        bool isRead = TextFormat.TryRead(
            output.WrittenSpan.ToArray(), new TextReadOptions(NameScheme.Legacy, Lenient: false), new FamilySet(), out FormatError error);
        Assert.True(isRead || output.WrittenCount == 0, error.ToString());
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private string Samples(MeterSource? source = null) =>
        string.Join('|', Text(source).Split('\n').Where(
            static line => line.Length > 0 && line[0] != '#' && !line.Contains("le=\"0", StringComparison.Ordinal)));

    private static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);

    private static Measurement<double> Measured(double value, params (string Name, string Value)[] tags) =>
        new(value, tags.Select(static tag => Tag(tag.Name, tag.Value)));

    private sealed class Throwing
    {
        public override string ToString() => throw new InvalidOperationException("no text");
    }
}
