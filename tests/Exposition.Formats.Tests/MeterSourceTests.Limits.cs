using System.Diagnostics.Metrics;

namespace Exposition.Formats.Tests;

// What is too much, gone, failing, or there already.
public sealed partial class MeterSourceTests
{
    [Fact]
    public void What_is_too_much_is_added_up_in_one_series()
    {
        using var source = new MeterSource(new MeterSourceOptions { Meters = { _name }, MaxSeriesPerInstrument = 2 });
        Counter<int> counter = _meter.CreateCounter<int>("c");
        for (int i = 0; i < 5; i++)
        {
            counter.Add(10, Tag("i", i));
        }

        counter.Add(1, Tag("i", 0));
        int observed = 5;
        _meter.CreateObservableUpDownCounter("u", () => Enumerable.Range(0, observed).Select(i => Measured(i, ("i", $"{i}"))));
        string expected = "c_total{i=\"0\"} 11|c_total{i=\"1\"} 10|c_total{otel_metric_overflow=\"true\"} 30"
            + "|u{i=\"0\"} 0|u{i=\"1\"} 1|u{otel_metric_overflow=\"true\"} 9";
        Assert.Equal(expected, Samples(source));
        Assert.Equal(expected, Samples(source));
        observed = 2;
        Assert.DoesNotContain("u{otel", Samples(source), StringComparison.Ordinal);
    }

    [Fact]
    public void By_default_there_are_two_thousand_series()
    {
        Counter<int> counter = _meter.CreateCounter<int>("c");
        for (int i = 0; i < 2500; i++)
        {
            counter.Add(1, Tag("i", i));
        }

        string[] samples = Samples().Split('|');
        Assert.Equal(2001, samples.Length);
        Assert.Contains("c_total{otel_metric_overflow=\"true\"} 500", samples);
    }

    [Fact]
    public void What_an_observable_does_not_name_any_more_is_gone_and_leaves_its_place()
    {
        using var source = new MeterSource(new MeterSourceOptions { Meters = { _name }, MaxSeriesPerInstrument = 2 });
        int first = 0;
        _meter.CreateObservableGauge("g", () => new[] { Measured(1, ("i", $"{first}")), Measured(2, ("i", $"{first + 1}")) });
        for (; first < 5; first += 2)
        {
            Assert.Equal($"g{{i=\"{first}\"}} 1|g{{i=\"{first + 1}\"}} 2", Samples(source));
        }
    }

    [Fact]
    public void An_observable_that_throws_is_missing_and_reported_and_the_others_are_there()
    {
        var notices = new List<MeterNotice>();
        using var source = new MeterSource(new MeterSourceOptions { Meters = { _name }, Report = notices.Add });
        _meter.CreateObservableGauge("bad", new Func<int>(static () => throw new InvalidOperationException("no sensor")));
        _meter.CreateObservableGauge("good", () => 1);
        Assert.Equal("good 1", Samples(source));
        Assert.Contains("InvalidOperationException: no sensor", Assert.Single(notices).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_two_with_one_name_the_first_is_shown_and_the_other_named()
    {
        var notices = new List<MeterNotice>();
        using var source = new MeterSource(new MeterSourceOptions { Meters = { _name }, Report = notices.Add });
        _meter.CreateCounter<int>("my.rows").Add(1);
        _meter.CreateCounter<int>("my_rows_total", "{row}").Add(100);
        _meter.CreateHistogram("wait", null, null, null, new InstrumentAdvice<int> { HistogramBucketBoundaries = [] }).Record(1);
        _meter.CreateGauge<int>("wait.count").Record(100);
        _meter.CreateGauge<int>("x.sum").Record(1);
        _meter.CreateHistogram<int>("x").Record(100);

        Assert.Equal("my_rows_total 1|wait_bucket{le=\"+Inf\"} 1|wait_sum 1|wait_count 1|x_sum 1", Samples(source));
        Assert.Equal(["my_rows_total", "wait.count", "x"], source.LeftOut.Select(static notice => notice.Instrument));
        Assert.Equal(3, source.LeftOutCount);
        Assert.Equal(notices, source.LeftOut);
        Assert.Equal($"{_name}/wait.count: its name, wait_count, is taken by the Histogram wait of meter {_name}",
            source.LeftOut[1].ToString());
    }

    [Fact]
    public void There_are_so_many_instruments_and_no_more()
    {
        using var source = new MeterSource(new MeterSourceOptions { Meters = { _name }, MaxInstruments = 1 });
        _meter.CreateCounter<int>("a").Add(1);
        _meter.CreateCounter<int>("b").Add(1);
        Assert.Equal("a_total 1", Samples(source));
        Assert.Equal("there are 1 instruments already", Assert.Single(source.LeftOut).Reason);
    }
}
