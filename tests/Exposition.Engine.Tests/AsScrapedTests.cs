namespace Exposition.Engine.Tests;

/// <summary>
/// What Prometheus scrapes means the same when it was pushed, at first and when pushes repeat it: each is compared with the long way.
/// </summary>
public sealed class AsScrapedTests
{
    private static readonly GroupingKey s_job = Harness.Key("job", "j");
    private readonly Harness _gateway = new();

    [Fact]
    public void A_count_before_its_summary_is_shown_once()
    {
        for (int push = 0; push < 4; push++)
        {
            Assert.Equal(PushStatus.Stored, _gateway.Put(
                s_job, $"# TYPE c_count counter\nc_count 3365{push}\n\n# TYPE c summary\nc {{quantile=\"0.5\"}} {push}\n").Status);
            Assert.Equal(
                $"# TYPE c summary\nc{{instance=\"\",job=\"j\",quantile=\"0.5\"}} {push}\nc_sum{{instance=\"\",job=\"j\"}} "
                + $"0\nc_count{{instance=\"\",job=\"j\"}} 3365{push}\n", _gateway.Pushed());
        }

        Assert.Equal(PushStatus.Inconsistent,
            _gateway.Put(s_job, "# TYPE c_count counter\nc_count 0.5\n\n# TYPE c summary\nc {quantile=\"0.5\"} 1\n").Status);
    }

    [Theory]
    [InlineData("le=\"1\"} 1|le=\"2\"} 5", "", "le=\"1\"} 1|le=\"2\"} 5")]
    [InlineData("le=\"1\"} 0|le=\"2\"} 0", "", "le=\"1\"} 0|le=\"2\"} 0")]
    [InlineData("le=\"1\"} 1|le=\"+Inf\"} 5", "", "le=\"1\"} 1|le=\"+Inf\"} 5")]
    [InlineData("le=\"1\"} 1|le=\"2\"} 5", "0", "le=\"1\"} 1|le=\"2\"} 5")]
    [InlineData("le=\"1\"} 1|le=\"+Inf\"} 5", "0", "le=\"1\"} 1|le=\"+Inf\"} 5")]
    [InlineData("le=\"1\"} 0|le=\"2\"} 0", "0", "le=\"1\"} 0|le=\"2\"} 0|le=\"+Inf\"} 0")]
    [InlineData("le=\"1\"} 1|le=\"2\"} 5", "7", "le=\"1\"} 1|le=\"2\"} 5|le=\"+Inf\"} 7")]
    public void A_histogram_is_not_contradicted_by_zeros_of_our_own(string pushed, string count, string shown)
    {
        string countLine = count.Length == 0 ? "" : $"h_count {count}\n";
        string body = "# TYPE h histogram\n" + string.Concat(pushed.Split('|').Select(static bucket => $"h_bucket{{{bucket}\n"))
            + "h_sum 3\n" + countLine;
        string expected = "# TYPE h histogram\n"
            + string.Concat(shown.Split('|').Select(static bucket => $"h_bucket{{instance=\"\",job=\"j\",{bucket}\n"))
            + "h_sum{instance=\"\",job=\"j\"} 3\n" + (count.Length == 0 ? "" : $"h_count{{instance=\"\",job=\"j\"}} {count}\n");
        for (int push = 0; push < 3; push++)
        {
            Assert.Equal(PushStatus.Stored, _gateway.Put(s_job, body).Status);
            Assert.Equal(expected, _gateway.Pushed());
        }
    }

    // A count may fall to 0 and rise again while its buckets do something else; whatever comes, patching shows what reading does (the
    // harness compares).
    [Fact]
    public void Pushes_that_differ_in_their_zeros_are_shown_as_they_are()
    {
        var random = new Random(7);
        for (int push = 0; push < 300; push++)
        {
            string Value() => random.Next(3) == 0 ? "0" : $"{random.Next(5)}";
            string count = push / 100 == 0 ? $"h_count {Value()}\n" : push / 100 == 1 ? "" : "h_count 1\n";
            Assert.Equal(PushStatus.Stored, _gateway.Put(s_job,
                $"# TYPE h histogram\nh_bucket{{le=\"1\"}} {Value()}\nh_bucket{{le=\"2\"}} {Value()}\nh_sum {Value()}\n{count}").Status);
        }
    }

    [Fact]
    public void A_late_type_is_the_type()
    {
        Assert.Equal(
            PushStatus.Stored, _gateway.Put(s_job, "m{a=\"1\"} 1\n# TYPE m counter\n# HELP m x\n# HELP m y\nm{a=\"2\"} 2\n").Status);
        Assert.Equal("# HELP m x\n# TYPE m counter\nm{a=\"1\",instance=\"\",job=\"j\"} 1\nm{a=\"2\",instance=\"\",job=\"j\"} 2\n",
            _gateway.Pushed());
    }

    [Fact]
    public void A_part_that_its_whole_has_already_is_refused()
    {
        PushOutcome outcome = _gateway.Put(s_job, "c_count 1\nc_count 2\n# TYPE c summary\nc{quantile=\"0.5\"} 1\n");
        Assert.Equal(PushStatus.Inconsistent, outcome.Status);
        Assert.Contains("collides with previously collected", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_OpenMetrics_either_says_why()
    {
        PushOutcome outcome = _gateway.Push(
            s_job, PushFormat.OpenMetrics, "# TYPE a gauge\na 1\n# TYPE b info\nb{} 1\n"u8.ToArray(), PushMode.Replace);
        Assert.Equal("text format parsing error in line 3: unknown metric type \"info\" ", outcome.Error!.Split('(')[0]);
        Assert.Contains("(and as OpenMetrics, line ", outcome.Error, StringComparison.Ordinal);
    }
}
