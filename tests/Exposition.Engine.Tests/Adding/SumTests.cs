using System.Globalization;
using Exposition.Formats;

namespace Exposition.Engine.Tests.Adding;

/// <summary>What is added to what, and what cannot be.</summary>
public sealed class SumTests
{
    private readonly Adder _adder = new();

    [Fact]
    public void Counters_are_added_and_gauges_and_untyped_values_replaced()
    {
        for (int i = 1; i <= 3; i++)
        {
            _adder.Take(string.Create(
                CultureInfo.InvariantCulture, $"# TYPE c counter\nc {i}\nc{{x=\"y\"}} 0.5\n# TYPE g gauge\ng {i}\nu {i}\n"));
        }

        Assert.Equal("c 6\nc{x=\"y\"} 1.5\ng 3\nu 3", _adder.Shown());
    }

    [Fact]
    public void Integers_add_exactly_up_to_two_to_the_53()
    {
        _adder.Take("# TYPE c counter\nc 9007199254740990\n");
        _adder.Take("# TYPE c counter\nc 1\n");
        _adder.Take("# TYPE c counter\nc 1\n");
        Assert.Equal("c 9.007199254740992e+15", _adder.Shown());
    }

    [Fact]
    public void Counts_of_histograms_add_exactly_beyond_that()
    {
        foreach (ulong count in (ulong[])[(1UL << 53) + 1, 1, 1])
        {
            Natives.Push(_adder, new NativeHistogramValue { Count = count, Sum = 1, ZeroCount = count }).ThrowIfRefused();
        }

        Assert.Equal((1UL << 53) + 3, Natives.Of(_adder).EnumerateBuckets().Single().Count);
    }

    [Fact]
    public void Classic_histograms_are_added_bucket_by_bucket()
    {
        const string Body = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n"
            + "h_bucket{le=\"2\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum 5.5\nh_count 4\n";
        _adder.Take(Body);
        _adder.Take(Body);
        Assert.Equal("h_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 6\nh_bucket{le=\"+Inf\"} 8\nh_sum 11\nh_count 8", _adder.Shown());
    }

    [Fact]
    public void Classic_histograms_of_other_bounds_are_refused_with_both_sets()
    {
        _adder.Take("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n");
        string error = _adder.Refuse(
            "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2.5\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
            PushStatus.Unmergeable);
        Assert.Equal(
            "buckets of the bounds [1, 2.5, +Inf] cannot be added to buckets of the bounds [1, +Inf] in the metric family \"h\"", error);
    }

    [Theory]
    [InlineData(PushMode.Add)]
    [InlineData(PushMode.Cumulative)]
    public void A_histogram_without_a_count_is_refused_and_nothing_is_added_to_one(PushMode mode)
    {
        const string Without = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\n";
        Assert.Contains("a histogram without a count", _adder.Refuse(Without, PushStatus.Unmergeable, mode, source: "a"),
            StringComparison.Ordinal);
        _adder.Take(Without, PushMode.Merge);
        Assert.Equal("nothing can be added to a histogram that is stored without a count in the metric family \"h\"",
            _adder.Refuse(Without + "h_count 2\n", PushStatus.Unmergeable, mode, source: "a"));
    }

    [Fact]
    public void Counts_and_sums_of_summaries_are_added_and_quantiles_replaced()
    {
        _adder.Take("# TYPE s summary\ns{quantile=\"0.5\"} 10\ns{quantile=\"0.9\"} 20\ns_sum -3\ns_count 2\n");
        _adder.Take("# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum -4\ns_count 5\n");
        Assert.Equal("s{quantile=\"0.5\"} 1\ns_sum -7\ns_count 7", _adder.Shown());
    }

    [Theory]
    [InlineData("# TYPE c counter\nc -1\n")]
    [InlineData("# TYPE c counter\nc NaN\n")]
    [InlineData("# TYPE c counter\nc -0.0001\nc{x=\"1\"} 1\n")]
    [InlineData("# TYPE s summary\ns_sum 1\ns_count -1\n")]
    [InlineData("# TYPE s summary\ns_sum 1\ns_count NaN\n")]
    public void A_negative_addition_is_refused_also_as_the_first(string body)
    {
        string error = _adder.Refuse(body, PushStatus.Unmergeable);
        Assert.Contains("cannot be added: ", error, StringComparison.Ordinal);
        _adder.Take("# TYPE c counter\nc 1\n# TYPE s summary\ns_sum 1\ns_count 1\n");
        _adder.Refuse(body, PushStatus.Unmergeable);
    }

    [Theory]
    [InlineData("max", "g 7\ns{quantile=\"0.5\"} 8\ns_sum 2\ns_count 2\nu 9")]
    [InlineData("min", "g 3\ns{quantile=\"0.5\"} 4\ns_sum 2\ns_count 2\nu 5")]
    [InlineData("sum", "g 10\ns{quantile=\"0.5\"} 12\ns_sum 2\ns_count 2\nu 14")]
    [InlineData("last", "g 3\ns{quantile=\"0.5\"} 4\ns_sum 2\ns_count 2\nu 5")]
    public void A_rule_says_what_becomes_of_what_does_not_count(string how, string expected)
    {
        var adder = new Adder(options => options.Aggregates = [AggregateRule.Parse("{__name__=~\"g|s|u\"}=" + how)]);
        adder.Take("# TYPE g gauge\ng 7\nu 9\n# TYPE s summary\ns{quantile=\"0.5\"} 8\ns_sum 1\ns_count 1\n");
        adder.Take("# TYPE g gauge\ng 3\nu 5\n# TYPE s summary\ns{quantile=\"0.5\"} 4\ns_sum 1\ns_count 1\n");
        Assert.Equal(expected, adder.Shown());
    }

    [Fact]
    public void The_earliest_created_time_stays_and_so_does_the_newest_exemplar()
    {
        _adder.Take("# TYPE c counter\nc_total 1 # {id=\"a\"} 1\nc_created 200\n# EOF\n", format: PushFormat.OpenMetrics);
        _adder.Take("# TYPE c counter\nc_total 2 # {id=\"b\"} 2\nc_created 100\n# EOF\n", format: PushFormat.OpenMetrics);
        _adder.Take("# TYPE c counter\nc_total 4\nc_created 300\n# EOF\n", format: PushFormat.OpenMetrics);
        string shown = _adder.OpenMetrics();
        Assert.Contains("c_total{instance=\"\",job=\"j\"} 7.0 # {id=\"b\"} 2.0\n", shown, StringComparison.Ordinal);
        Assert.Contains("c_created{instance=\"\",job=\"j\"} 100.0\n", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Info_and_stateset_are_replaced()
    {
        const string First = "# TYPE i info\ni_info{v=\"1\"} 1\n# TYPE s stateset\ns{s=\"a\"} 1\ns{s=\"b\"} 0\n# EOF\n";
        _adder.Take(First, format: PushFormat.OpenMetrics);
        _adder.Take(
            "# TYPE i info\ni_info{v=\"1\"} 1\n# TYPE s stateset\ns{s=\"a\"} 0\ns{s=\"b\"} 1\n# EOF\n", format: PushFormat.OpenMetrics);
        Assert.Equal("i_info{v=\"1\"} 1\ns{s=\"a\"} 0\ns{s=\"b\"} 1", _adder.Shown());
    }

    [Fact]
    public void A_refused_addition_notes_its_failure_and_changes_nothing()
    {
        _adder.Take("# TYPE c counter\nc 1\nd 5\n");
        _adder.Refuse("# TYPE c counter\nc -1\nd 6\n", PushStatus.Unmergeable);
        Assert.NotNull(_adder.Store.Find(Adder.Key)!.FailedAt);
        Assert.Contains("negative", _adder.Store.Find(Adder.Key)!.LastFailure!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unchecked_store_refuses_what_cannot_be_added_all_the_same()
    {
        var adder = new Adder(options => options.CheckConsistency = false);
        Assert.Equal(PushStatus.Accepted, adder.Push("# TYPE c counter\nc 1\n").Status);
        Assert.Equal(PushStatus.Unmergeable, adder.Push("# TYPE c counter\nc -1\n").Status);
        Assert.Equal("c 1", adder.Shown());
    }

    [Fact]
    public void Many_who_add_at_once_lose_nothing()
    {
        const int Threads = 8;
        const int Times = 500;
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            for (int i = 0; i < Times; i++)
            {
                string body = thread % 2 == 0 ? "# TYPE c counter\nc 1\n"
                    : $"# TYPE c counter\nc 1\n# TYPE d counter\nd{{t=\"{i % 7}\"}} 1\n";
                _adder.Store.Push(
                    Adder.Key, PushFormat.Text, System.Text.Encoding.UTF8.GetBytes(body), PushMode.Add).ThrowIfRefused();
            }
        });
        Assert.StartsWith("c 4000\n", _adder.Shown(), StringComparison.Ordinal);
        Assert.Equal(2000, _adder.Shown().Split('\n')[1..].Sum(line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)));
    }
}
