namespace Exposition.Engine.Tests.Adding;

/// <summary>What the modes of pushes do to what a group has.</summary>
public sealed class ModeTests
{
    private readonly Adder _adder = new();

    [Fact]
    public void Series_that_were_not_pushed_stay_in_a_pushed_family()
    {
        _adder.Take("a{x=\"1\"} 1\na{x=\"2\"} 2\nb 3\n", PushMode.Replace);
        _adder.Take("a{x=\"2\"} 20\na{x=\"3\"} 30\n", PushMode.Series);
        Assert.Equal("a{x=\"1\"} 1\na{x=\"2\"} 20\na{x=\"3\"} 30\nb 3", _adder.Shown());
    }

    [Fact]
    public void Whole_histograms_and_summaries_are_replaced_never_lines_of_them()
    {
        _adder.Take("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n"
            + "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 1\ns_count 1\n");
        _adder.Take("# TYPE h histogram\nh_bucket{le=\"5\"} 7\nh_bucket{le=\"+Inf\"} 7\nh_sum 9\nh_count 7\n"
            + "# TYPE s summary\ns{quantile=\"0.9\"} 4\ns_sum 5\ns_count 6\n", PushMode.Series);
        Assert.Equal(
            "h_bucket{le=\"5\"} 7\nh_bucket{le=\"+Inf\"} 7\nh_sum 9\nh_count 7\ns{quantile=\"0.9\"} 4\ns_sum 5\ns_count 6", _adder.Shown());
    }

    [Theory]
    [InlineData(PushMode.Series)]
    [InlineData(PushMode.Add)]
    public void A_stored_type_that_differs_is_refused_with_both_types(PushMode mode)
    {
        _adder.Take("# TYPE a counter\na 1\n", PushMode.Merge);
        string error = _adder.Refuse("# TYPE a gauge\na 1\n", PushStatus.Unmergeable, mode);
        Assert.Equal("the stored metric family \"a\" is a COUNTER, the pushed one a GAUGE", error);
    }

    [Fact]
    public void Metadata_of_the_push_wins()
    {
        _adder.Take("# HELP a old\n# TYPE a counter\na 1\n", PushMode.Merge);
        _adder.Take("# HELP a new\n# TYPE a counter\na 1\n");
        Assert.Equal("new", _adder.Store.Find(Adder.Key)!.Families.Single(family => family.Name == "a").Help);
    }

    [Fact]
    public void The_group_is_bounded_in_series()
    {
        var adder = new Adder(options => options.MaxSeriesPerGroup = 3);
        adder.Take("a{x=\"1\"} 1\na{x=\"2\"} 2\n", PushMode.Series);
        adder.Take("a{x=\"3\"} 1\na{x=\"2\"} 2\n", PushMode.Series);
        string error = adder.Refuse("a{x=\"4\"} 1\n", PushStatus.GroupTooManySeries, PushMode.Series);
        Assert.Equal("too many series in one group: 4 would be more than 3", error);
        adder.Take("a{x=\"3\"} 5\n");
        adder.Take("b{x=\"3\"} 5\nb{x=\"4\"} 5\nb{x=\"5\"} 5\n", PushMode.Merge);
    }

    [Fact]
    public void After_an_expiry_the_first_addition_starts_from_nothing()
    {
        var adder = new Adder(options => options.ExpiryRules = [ExpiryRule.Parse("10s")]);
        adder.Take("# TYPE a counter\na 5\n");
        adder.Take("# TYPE a counter\na 5\n");
        Assert.Equal("a 10", adder.Shown());
        adder.Clock.Advance(TimeSpan.FromSeconds(11).TotalSeconds);
        adder.Take("# TYPE a counter\na 3\n");
        Assert.Equal("a 3", adder.Shown());
    }

    [Theory]
    [InlineData("add", "j", PushMode.Add)]
    [InlineData("{job=~\"lambda.*\"}=add", "lambda_x", PushMode.Add)]
    [InlineData("{job=~\"lambda.*\"}=add", "other", PushMode.Merge)]
    [InlineData("{job=\"x\"}=replace", "x", PushMode.Replace)]
    public void A_rule_says_the_mode_of_its_groups(string rule, string job, PushMode expected)
    {
        var store = new MetricStore(new StoreOptions { PushModes = [ModeRule.Parse(rule), ModeRule.Parse("{job=\"x\"}=series")] });
        var key = GroupingKey.Create(("job", job));
        Assert.Equal(expected, store.ModeOf(key));
        store.Push(key, PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Merge).ThrowIfRefused();
        Assert.Equal(expected, store.ModeOf(key));
    }

    [Theory]
    [InlineData("sum", "expected a mode: families, series, add, cumulative or replace")]
    [InlineData("{job=\"a\"}", "expected {SELECTOR}=MODE")]
    [InlineData("{job=\"a\"}=plus", "expected a mode: families, series, add, cumulative or replace")]
    [InlineData("{job}=add", "selector, character 5: expected '=', '!=', '=~' or '!~'")]
    public void A_rule_of_a_mode_that_is_none_says_why(string rule, string error)
    {
        Assert.False(ModeRule.TryParse(rule, out _, out string? said));
        Assert.Equal(error, said);
    }

    [Theory]
    [InlineData("max", "expected {__name__=~\"...\"}=max, with last, max, min or sum")]
    [InlineData("{__name__=\"a\"}=mean", "expected last, max, min or sum after the selector")]
    [InlineData("{job=\"a\"}=max", "selector, character 2: families are chosen by their names, __name__, alone")]
    public void A_rule_of_an_aggregate_that_is_none_says_why(string rule, string error)
    {
        Assert.False(AggregateRule.TryParse(rule, out _, out string? said));
        Assert.Equal(error, said);
    }

    [Fact]
    public void Each_family_of_a_push_can_have_a_mode_of_its_own_and_all_are_stored_or_none()
    {
        Take(1, "a");
        Take(3, "a");
        Take(5, "b");
        Assert.Equal("counted 8\ndelta 9\ng 5\nother 1", _adder.Shown());
        PushOutcome refused = Push(-1, "b");
        Assert.Equal(PushStatus.Unmergeable, refused.Status);
        Assert.Equal("counted 8\ndelta 9\ng 5\nother 1", _adder.Shown());

        void Take(int value, string source) => Assert.True(Push(value, source).IsStored);

        PushOutcome Push(int value, string source)
        {
            if (_adder.Shown().Length == 0)
            {
                _adder.Take("other 1\n", PushMode.Merge);
            }

            _adder.Clock.Advance();
            string body = System.FormattableString.Invariant(
                $"# TYPE g gauge\ng {value}\n# TYPE delta counter\ndelta {value}\n# TYPE counted counter\ncounted {value}\n");
            return _adder.Store.Push(
                Adder.Key, PushFormat.Text, System.Text.Encoding.ASCII.GetBytes(body), PushMode.Merge,
                Adder.Details("", source) with { Parts = new([PushMode.Merge, PushMode.Add, PushMode.Cumulative], [0, 0, 0]) });
        }
    }
}
