using System.Globalization;
using Exposition.Formats;

namespace Exposition.Engine.Tests.Adding;

/// <summary>A group has the sum of what its sources count.</summary>
public sealed class SourceTests
{
    private readonly Adder _adder = new(options => options.MaxSources = 2);

    [Fact]
    public void The_group_has_the_sum_over_sources()
    {
        Count("a", 5);
        Count("b", 7);
        Assert.Equal("c 12", _adder.Shown());
        Count("a", 6);
        Count("a", 6);
        Assert.Equal("c 13", _adder.Shown());
    }

    [Fact]
    public void A_value_that_fell_begins_a_new_stretch()
    {
        Count("a", 5);
        Count("a", 2);
        Count("a", 3);
        Assert.Equal("c 8", _adder.Shown());
    }

    [Fact]
    public void A_created_time_that_moved_begins_a_new_stretch()
    {
        Count("a", 5, created: 100);
        Count("a", 6, created: 200);
        Assert.Equal("c_total 11", Total());
        Count("a", 9, created: 200);
        Assert.Equal("c_total 14", Total());

        // What comes late, from a stretch that is over, is in the sum already.
        Count("a", 5, created: 100);
        Count("a", 10, created: 200);
        Assert.Equal("c_total 15", Total());
    }

    [Fact]
    public void A_total_that_is_older_than_the_last_one_of_its_series_changes_nothing()
    {
        foreach ((int value, int time) in (ReadOnlySpan<(int, int)>)[(10, 1), (12, 3), (10, 2), (14, 4)])
        {
            CountAt("a", value, time);
        }

        Assert.Equal(("c 14", 1), (_adder.Shown(), _adder.Store.LateTotals));
        CountAt("b", 1, 2);
        Assert.Equal("c 15", _adder.Shown());

        // Of another series, and a value that fell, which is a new stretch.
        CountAt("a", 5, 2, "{x=\"1\"}");
        CountAt("a", 3, 5);
        Assert.Equal("c 18\nc{x=\"1\"} 5", _adder.Shown());
    }

    [Fact]
    public void A_total_that_does_not_say_of_when_it_is_counts_when_it_comes()
    {
        foreach (int value in (ReadOnlySpan<int>)[10, 12, 10, 14])
        {
            Count("a", value);
        }

        Assert.Equal("c 26", _adder.Shown());
    }

    [Fact]
    public void A_sum_of_gauges_over_sources_leaves_out_what_is_no_finite_number()
    {
        var adder = new Adder(static options => options.Aggregates = [AggregateRule.Parse("{__name__=\"g\"}=sum")]);
        (string Source, string Value, string Sum)[] pushes =
        [
            ("a", "NaN", "NaN"), ("a", "5", "5"), ("b", "2", "7"), ("a", "+Inf", "2"), ("a", "1", "3"), ("b", "NaN", "1"),
            ("c", "-Inf", "1"), ("c", "4", "5"), ("b", "3", "8"),
        ];
        foreach ((string source, string value, string sum) in pushes)
        {
            adder.Take($"# TYPE g gauge\ng {value}\n", PushMode.Cumulative, source: source);
            Assert.Equal("g " + sum, adder.Shown());
        }
    }

    [Fact]
    public void A_source_is_forgotten_after_its_age_and_starts_from_what_it_has_when_it_comes_back()
    {
        Count("a", 5);
        Count("b", 5);
        _adder.Clock.Advance(TimeSpan.FromHours(25).TotalSeconds);
        Count("a", 9);
        Assert.Equal("c 10", _adder.Shown());
        Count("a", 10);
        Assert.Equal("c 11", _adder.Shown());
        Count("c", 1);
        Assert.Equal("c 12", _adder.Shown());
    }

    [Fact]
    public void Unless_what_it_has_was_created_later()
    {
        Count("a", 5, created: Now() - 100);
        _adder.Clock.Advance(TimeSpan.FromHours(25).TotalSeconds);
        Count("a", 3, created: Now() - 10);
        Assert.Equal("c_total 8", Total());
    }

    [Fact]
    public void A_source_too_many_is_refused_and_none_goes_for_it()
    {
        Count("a", 5);
        Count("b", 5);
        string error = _adder.Refuse("# TYPE c counter\nc 1\n", PushStatus.TooManySources, PushMode.Cumulative, source: "c");
        Assert.Equal("too many sources: the group has the values of 2, the most it may", error);
        Count("a", 6);
        Count("b", 6);
        Assert.Equal("c 12", _adder.Shown());
    }

    [Fact]
    public void A_put_and_a_delete_forget_sources_with_the_sums()
    {
        Count("a", 5);
        Count("b", 5);
        _adder.Take("# TYPE c counter\nc 1\n", PushMode.Replace);
        Count("c", 2);
        Count("a", 5);
        Assert.Equal("c 8", _adder.Shown());
        _adder.Store.Delete(Adder.Key);
        Assert.Equal(0, _adder.Store.StoredBytes);
        Count("a", 5);
        Assert.Equal("c 5", _adder.Shown());
    }

    [Fact]
    public void A_push_without_a_source_is_refused()
    {
        Assert.Equal("a cumulative push needs a source: the header Exposition-Source",
            _adder.Refuse("c 1\n", PushStatus.Unmergeable, PushMode.Cumulative));
    }

    [Fact]
    public void A_label_can_name_the_source_and_is_taken_off()
    {
        var adder = new Adder(options => options.SourceLabel = "pod");
        adder.Take("# TYPE c counter\nc{pod=\"x\",z=\"1\"} 2\nc{pod=\"x\",z=\"2\"} 3\n", PushMode.Cumulative);
        adder.Take("# TYPE c counter\nc{pod=\"y\",z=\"1\"} 5\n", PushMode.Cumulative);
        Assert.Equal("c{z=\"1\"} 7\nc{z=\"2\"} 3", adder.Shown());
        adder.Refuse("# TYPE c counter\nc{pod=\"x\"} 2\nc{pod=\"y\",z=\"2\"} 3\n", PushStatus.Unmergeable, PushMode.Cumulative);
    }

    [Fact]
    public void Histograms_and_summaries_grow_by_what_a_source_has_observed_and_gauges_are_replaced()
    {
        Observe("a", 1, 2);
        Observe("b", 10, 10);
        Observe("a", 3, 7);
        Assert.Equal(
            "g 3\nh_bucket{le=\"1\"} 13\nh_bucket{le=\"+Inf\"} 17\nh_sum 17\nh_count 17\ns{quantile=\"0.5\"} 3\ns_sum 13\ns_count 17",
            _adder.Shown());

        void Observe(string source, int low, int all) => _adder.Take(string.Create(CultureInfo.InvariantCulture, $"""
            # TYPE g gauge
            g {low}
            # TYPE h histogram
            h_bucket{'{'}le="1"{'}'} {low}
            h_bucket{'{'}le="+Inf"{'}'} {all}
            h_sum {all}
            h_count {all}
            # TYPE s summary
            s{'{'}quantile="0.5"{'}'} {low}
            s_sum {low}
            s_count {all}

            """), PushMode.Cumulative, source: source);
    }

    [Fact]
    public void Native_histograms_grow_also_when_a_source_has_lowered_its_resolution()
    {
        Natives.Push(_adder, new NativeHistogramValue { Schema = 1, Count = 3, Sum = 3, PositiveOffset = 1, PositiveCounts = [1, 2] },
            PushMode.Cumulative, "a").ThrowIfRefused();
        Natives.Push(_adder, new NativeHistogramValue { Schema = 0, Count = 5, Sum = 5, PositiveOffset = 1, PositiveCounts = [3, 2] },
            PushMode.Cumulative, "a").ThrowIfRefused();
        Assert.Equal([3UL, 2UL], Natives.Of(_adder).EnumerateBuckets().Select(static bucket => bucket.Count));
        Assert.Equal("h_sum 5 h_count 5", Natives.Totals(_adder));
    }

    [Fact]
    public void A_series_that_was_not_pushed_once_goes_on_from_where_it_was()
    {
        _adder.Take("# TYPE c counter\nc 5\n# TYPE d counter\nd 1\n", PushMode.Cumulative, source: "a");
        _adder.Take("# TYPE d counter\nd 2\n", PushMode.Cumulative, source: "a");
        _adder.Take("# TYPE c counter\nc 6\n", PushMode.Cumulative, source: "a");
        Assert.Equal("c 6\nd 2", _adder.Shown());
    }

    private long Now() => _adder.Clock.GetUtcNow().ToUnixTimeSeconds();

    private string Total() => _adder.Shown().Split('\n')[0];

    private void CountAt(string source, int value, long time, string labels = "") => _adder.Store.Push(
        Adder.Key, PushFormat.Text,
        System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"# TYPE c counter\nc{labels} {value}\n")),
        PushMode.Cumulative, Adder.Details("", source) with { Parts = new([PushMode.Cumulative], [time]) }).ThrowIfRefused();

    private void Count(string source, int value, long? created = null) => _adder.Take(
        created is null ? string.Create(CultureInfo.InvariantCulture, $"# TYPE c counter\nc {value}\n")
            : string.Create(CultureInfo.InvariantCulture, $"# TYPE c counter\nc_total {value}\nc_created {created}\n# EOF\n"),
        PushMode.Cumulative, source: source, format: created is null ? PushFormat.Text : PushFormat.OpenMetrics);
}
