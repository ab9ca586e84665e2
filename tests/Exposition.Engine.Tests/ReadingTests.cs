using System.Globalization;
using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>What is read of a store: copies to keep, and views that stay in a callback.</summary>
public sealed class ReadingTests
{
    private static readonly GroupingKey s_key = Harness.Key("job", "x", "table", "users");
    private readonly Harness _gateway = new();

    // What a view shows lies in memory that is used again, as the control shows; what was copied must stay what it was.
    [Fact]
    public void Values_kept_beyond_a_view_stay_what_they_were()
    {
        for (int i = 10; i > 0; i--)
        {
            _gateway.Put(s_key, $"# HELP rows Rows.\n# TYPE rows gauge\nrows {i}\n");
        }

        GroupInfo info = _gateway.Store.Find(s_key)!;
        GroupInfo listed = _gateway.Store.GetGroups()[0];
        MetricSample sample = Assert.Single(_gateway.Store.GetSamples(s_key)!, static sample => sample.Family == "rows");
        double? value = _gateway.Store.GetValue("rows{job=\"x\",table=\"users\"}");
        GroupInfo? viewed = null;
        Assert.True(_gateway.Store.Read(s_key, 0, (view, _) => viewed = view.ToInfo()));
        FamilyEntry borrowed;
        using (StoreView view = _gateway.Store.OpenView())
        {
            Assert.True(view.Groups[0].TryGet("rows"u8, out borrowed));
        }

        string before = Encoding.UTF8.GetString(borrowed.Text.Span);
        for (int i = 2; i < 100; i++)
        {
            _gateway.Put(s_key, $"# HELP rows Rows.\n# TYPE rows gauge\nrows {i}\n");
        }

        Assert.NotEqual(before, Encoding.UTF8.GetString(borrowed.Text.Span));
        Assert.True(_gateway.Store.RepeatedPushes > 50);
        Assert.Equal(1, value);
        Assert.Equal(("rows", "rows", MetricType.Gauge, 1.0), (sample.Family, sample.Name, sample.Type, sample.Value));
        Assert.Equal([("instance", ""), ("job", "x"), ("table", "users")], sample.Labels.Select(static label => (label.Name, label.Value)));
        DateTimeOffset pushed = DateTimeOffset.FromUnixTimeSeconds(1_700_000_010);
        Assert.All([info, listed, viewed!], group =>
        {
            Assert.Equal((s_key, (DateTimeOffset?)pushed, null), (group.Key, group.PushedAt, group.FailedAt));
            Assert.Equal(["push_failure_time_seconds", "push_time_seconds", "rows"], group.Families.Select(static family => family.Name));
            Assert.Equal(
                new GroupFamily("rows", MetricType.Gauge, "Rows.", 1, "rows{instance=\"\",job=\"x\",table=\"users\"} 1\n".Length, null),
                group.Families[2]);
        });
        Assert.Equal(pushed.AddSeconds(98), _gateway.Store.Find(s_key)!.PushedAt);
        Assert.Equal(99, _gateway.Store.GetValue("rows{job=\"x\",table=\"users\"}"));
    }

    [Fact]
    public void A_group_says_why_a_push_was_refused_and_when_its_series_expire()
    {
        _gateway.Push(s_key, "rows 1\n", PushMode.Replace, new PushDetails(ExpireAfter: TimeSpan.FromSeconds(60)));
        _gateway.Push(s_key, "rows 1 5\n", PushMode.Replace, new PushDetails(Sender: "10.0.0.1:7"));
        GroupInfo info = _gateway.Store.Find(s_key)!;
        DateTimeOffset failed = DateTimeOffset.FromUnixTimeSeconds(1_700_000_002);
        Assert.Equal((failed, failed, "10.0.0.1:7"), (info.FailedAt, info.LastFailure!.Time, info.LastFailure.Sender));
        Assert.Contains("timestamps", info.LastFailure.Reason, StringComparison.Ordinal);
        Assert.Equal((DateTimeOffset.FromUnixTimeSeconds(1_700_000_061), false), (info.ExpiresAt, info.IsExpired));

        // Nobody else has looked since it is due.
        _gateway.Clock.Advance(60);
        info = _gateway.Store.Find(s_key)!;
        Assert.True(info.IsExpired);
        Assert.Equal(["push_expired", "push_failure_time_seconds", "push_time_seconds"], info.Families.Select(static f => f.Name));
        _gateway.Clock.Advance(TimeSpan.FromHours(25).TotalSeconds);
        Assert.Null(_gateway.Store.Find(s_key));
    }

    [Fact]
    public void What_is_not_there_is_not_found()
    {
        Assert.Null(_gateway.Store.Find(s_key));
        Assert.Null(_gateway.Store.GetSamples(s_key));
        Assert.Null(_gateway.Store.GetValue("rows"));
        Assert.Empty(_gateway.Store.GetGroups());
        Assert.False(_gateway.Store.Read(s_key, 0, static (_, _) => Assert.Fail("there is none")));
        Assert.Equal(0, _gateway.Store.Read((GroupSelector?)null, 0, static (_, _) => Assert.Fail("there is none")));
        _gateway.Put(s_key, "rows 1\n");
        _gateway.Store.Delete(s_key);
        Assert.Null(_gateway.Store.Find(s_key));
    }

    [Theory]
    [InlineData(null, 7)]
    [InlineData("{job=~\"j.*\"}", 6)]
    [InlineData("{zone=\"eu\"}", 3)]
    [InlineData("{job=\"none\"}", 0)]
    public void Groups_come_in_pages_in_order_of_their_keys(string? selector, int expected)
    {
        for (int i = 0; i < 6; i++)
        {
            _gateway.Put(Harness.Key("job", $"j{i}", "zone", i % 2 == 0 ? "eu" : "us"), "a 1\n");
        }

        _gateway.Put(Harness.Key("job", "other"), "a{b=\"c\"} 1\n");
        GroupSelector? groups = selector is null ? null : GroupSelector.Parse(selector);
        GroupingKey[] whole = [.. _gateway.Store.GetGroups(groups).Select(static group => group.Key)];
        Assert.Equal(expected, whole.Length);
        Assert.Equal(whole.Order(), whole);
        for (int limit = 1; limit <= 8; limit++)
        {
            var paged = new List<GroupingKey>();
            GroupingKey? after = null;
            for (IReadOnlyList<GroupInfo> page; (page = _gateway.Store.GetGroups(groups, after, limit)).Count > 0; after = page[^1].Key)
            {
                Assert.InRange(page.Count, 1, limit);
                paged.AddRange(page.Select(static group => group.Key));
            }

            Assert.Equal(whole, paged);
        }

        // A key to go on from need not be there.
        Assert.Equal(whole.Where(static key => key.ToString().Contains("j3", StringComparison.Ordinal)
            || key.ToString().Contains("j4", StringComparison.Ordinal) || key.ToString().Contains("j5", StringComparison.Ordinal)
            || key.ToString().Contains("other", StringComparison.Ordinal)),
            _gateway.Store.GetGroups(groups, after: Harness.Key("job", "j2", "zone", "f")).Select(static group => group.Key));
        Assert.Empty(_gateway.Store.GetGroups(limit: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _gateway.Store.GetGroups(limit: -1));
    }

    [Theory]
    [InlineData("rows_total{job=\"x\",table=\"users\"}", 5.0)]
    [InlineData("rows_total{table=\"users\",job=\"x\"}", 5.0)]
    [InlineData("rows_total{instance=\"\",job=\"x\",table=\"users\",zone=\"\"}", 5.0)]
    [InlineData("{\"rows_total\",job=\"x\",table=\"users\"}", 5.0)]
    [InlineData("rows_total{table=\"users\"}", 5.0)]
    [InlineData("rows_total{job=\"x\"}", 5.0)]
    [InlineData("rows_total", 5.0)]
    [InlineData("rows_total{job=\"y\",table=\"users\"}", null)]
    [InlineData("rows_total{job=\"x\",table=\"users\",more=\"1\"}", null)]
    [InlineData("rows{job=\"x\",table=\"users\"}", null)]
    [InlineData("took_bucket{job=\"x\",table=\"users\",le=\"0.5\"}", 2.0)]
    [InlineData("took_bucket{job=\"x\",table=\"users\",le=\"+Inf\"}", 3.0)]
    [InlineData("took_bucket{job=\"x\",table=\"users\"}", null)]
    [InlineData("took_sum{job=\"x\",table=\"users\"}", 1.5)]
    [InlineData("took_count{job=\"x\",table=\"users\"}", 3.0)]
    [InlineData("took{job=\"x\",table=\"users\"}", null)]
    [InlineData("odd_count{job=\"x\",table=\"users\"}", 9.0)]
    [InlineData("said{job=\"x\",table=\"users\",what=\"a\\\"b\\\\\\n\"}", double.PositiveInfinity)]
    [InlineData("push_time_seconds{job=\"x\",table=\"users\"}", 1_700_000_001.0)]
    [InlineData("push_time_seconds{job=\"x\"}", 1_700_000_001.0)]
    public void A_value_is_found_by_its_series(string series, double? expected)
    {
        _gateway.Put(s_key, """
            # TYPE rows_total counter
            rows_total 5
            # TYPE took histogram
            took_bucket{le="0.5"} 2
            took_bucket{le="+Inf"} 3
            took_sum 1.5
            took_count 3
            # TYPE odd_count gauge
            odd_count 9
            said{what="a\"b\\\n"} +Inf

            """.ReplaceLineEndings("\n"));
        _gateway.Put(Harness.Key("job", "z"), "other 1\n");
        Assert.Equal(expected, _gateway.Store.GetValue(series));
    }

    [Fact]
    public void A_value_is_found_by_name_and_labels()
    {
        _gateway.Put(s_key, "rows{zone=\"eu\"} 5\n");
        MetricStore store = _gateway.Store;
        Assert.Equal(5, store.GetValue("rows", ("zone", "eu"), ("table", "users"), ("job", "x")));
        Assert.Null(store.GetValue("rows", ("zone", "us"), ("table", "users"), ("job", "x")));
        Assert.Throws<ArgumentException>(() => store.GetValue("", ("job", "x")));
        Assert.Throws<ArgumentException>(() => store.GetValue("rows", ("", "x")));
        Assert.Contains(
            "job", Assert.Throws<ArgumentException>(() => store.GetValue("rows", ("job", "x"), ("job", "y"))).Message,
            StringComparison.Ordinal);
    }

    // A group may have labels that are empty, or an instance of its own.
    [Fact]
    public void A_series_is_found_under_every_set_of_grouping_names()
    {
        for (int i = 0; i < 20; i++)
        {
            _gateway.Put(Harness.Key("job", "x", $"l{i}", "v"), $"rows {i}\n");
        }

        _gateway.Put(Harness.Key("job", "x", "empty", ""), "rows 100\n");
        _gateway.Put(Harness.Key("job", "x", "instance", "i"), "rows 101\n");
        Assert.Equal(7, _gateway.Store.GetValue("rows{job=\"x\",l7=\"v\"}"));
        Assert.Equal(100, _gateway.Store.GetValue("rows{job=\"x\"}"));
        Assert.Equal(101, _gateway.Store.GetValue("rows{instance=\"i\",job=\"x\"}"));
        _gateway.Store.Delete(Harness.Key("job", "x", "l7", "v"));
        Assert.Null(_gateway.Store.GetValue("rows{job=\"x\",l7=\"v\"}"));
        _gateway.Put(Harness.Key("job", "x", "later", "v"), "rows 102\n");
        Assert.Equal(102, _gateway.Store.GetValue("rows{job=\"x\",later=\"v\"}"));
    }

    [Fact]
    public void A_series_that_several_groups_may_mean_is_not_guessed()
    {
        _gateway.Put(Harness.Key("job", "a"), "rows{t=\"1\"} 1\n");
        _gateway.Put(Harness.Key("job", "b"), "rows{t=\"1\"} 2\n");
        string message = Assert.Throws<InvalidOperationException>(() => _gateway.Store.GetValue("rows{t=\"1\"}")).Message;
        Assert.Contains("{job=\"a\"}", message, StringComparison.Ordinal);
        Assert.Contains("{job=\"b\"}", message, StringComparison.Ordinal);
        Assert.Contains("rows{t=\"1\"}", message, StringComparison.Ordinal);
        Assert.Equal(2, _gateway.Store.GetValue("rows{job=\"b\",t=\"1\"}"));
        Assert.Equal(0, _gateway.Store.HeldBytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("rows{job=\"x\"")]
    [InlineData("rows{job=x}")]
    [InlineData("rows{job=\"x\"} 5")]
    [InlineData("rows{job=\"x\"} 5 6")]
    [InlineData("rows{job=\"x\"}\nrows{job=\"y\"}")]
    [InlineData("rows{job=\"x\",job=\"y\"}")]
    [InlineData("# TYPE rows gauge")]
    [InlineData("# a comment")]
    [InlineData("2rows")]
    [InlineData("{job=\"x\"}")]
    public void What_is_no_series_is_said_to_be_none(string series)
    {
        FormatException thrown = Assert.Throws<FormatException>(() => _gateway.Store.GetValue(series));
        Assert.StartsWith($"\"{series}\" is no series: ", thrown.Message, StringComparison.Ordinal);
        Assert.EndsWith("expected is name{label=\"value\",...}, without a value", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scrapes_and_values_leave_out_what_is_hidden_and_copies_say_why()
    {
        var gateway = new Harness(check: false);
        gateway.Put(Harness.Key("job", "a"), "# TYPE m counter\nm 1\n");
        gateway.Put(Harness.Key("job", "b"), "# TYPE m gauge\nm 2\n");
        Assert.Null(gateway.Store.GetValue("m{job=\"b\"}"));
        GroupFamily hidden = gateway.Store.Find(Harness.Key("job", "b"))!.Families[0];
        Assert.Equal(("m", MetricType.Gauge), (hidden.Name, hidden.Type));
        Assert.Contains("COUNTER", hidden.HiddenBecause, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, gateway.Store.GetSamples(Harness.Key("job", "b"))![0].Value);
    }

    [Fact]
    public void A_callback_reads_families_without_a_copy()
    {
        _gateway.Put(s_key, "# HELP rows Rows.\n# TYPE rows gauge\nrows{a=\"1\"} 1\nrows{a=\"2\"} 2\n");
        _gateway.Put(Harness.Key("job", "y"), "rows 4\n");
        var read = new List<string>();
        int groups = _gateway.Store.Read(GroupSelector.Parse("{job=\"x\"}"), read, static (view, read) =>
        {
            Assert.False(view.IsExpired);
            Assert.Equal(3, view.Families.Count);
            foreach (FamilyView family in view.Families)
            {
                var reader = new ExpositionReader(family.Text, new ExpositionReaderState());
                while (reader.Read())
                {
                    read.Add($"{Encoding.UTF8.GetString(family.Name)} {family.Type} {reader.Value.ToString(CultureInfo.InvariantCulture)}");
                }
            }

            Assert.True(view.TryGetFamily("rows"u8, out FamilyView rows));
            Assert.Equal(("Rows.", 2, null), (Encoding.UTF8.GetString(rows.Help), rows.SeriesCount, rows.HiddenBecause));
            Assert.False(view.TryGetFamily("row"u8, out _));
        });
        Assert.Equal(1, groups);
        Assert.Equal(
            ["push_failure_time_seconds Gauge 0", "push_time_seconds Gauge 1700000001", "rows Gauge 1", "rows Gauge 2"], read);
        Assert.Equal(2, _gateway.Store.Read((GroupSelector?)null, 0, static (_, _) => { }));
    }

    // While a callback reads, pushes go on, and what it reads stays as it is.
    [Fact]
    public void What_a_callback_reads_is_not_changed_by_pushes_meanwhile()
    {
        for (int i = 0; i < 10; i++)
        {
            _gateway.Put(s_key, $"rows {i}\n");
        }

        GroupAction<int> action = (view, _) =>
        {
            Assert.True(view.TryGetFamily("rows"u8, out FamilyView family));
            string before = Encoding.UTF8.GetString(family.Text);
            for (int i = 0; i < 50; i++)
            {
                _gateway.Put(s_key, $"rows {1000 + i}\n");
            }

            Assert.Equal(before, Encoding.UTF8.GetString(family.Text));
        };
        Assert.True(_gateway.Store.Read(s_key, 0, action));
        Assert.Equal(1, _gateway.Store.Read((GroupSelector?)null, 0, action));
        Assert.Equal(1049, _gateway.Store.GetValue("rows"));
    }

    [Fact]
    public void A_callback_that_throws_leaves_nothing_open()
    {
        _gateway.Put(s_key, "rows 1\n");
        GroupAction<int> action = static (_, _) => throw new InvalidDataException("mine");
        Assert.Throws<InvalidDataException>(() => _gateway.Store.Read(s_key, 0, action));
        Assert.Throws<InvalidDataException>(() => _gateway.Store.Read((GroupSelector?)null, 0, action));
        for (int i = 0; i < 50; i++)
        {
            _gateway.Put(s_key, $"rows {i}\n");
        }

        // Steady pushes use their memory again, which they could not if it were still read.
        Assert.NotEqual(0, _gateway.Store.SpareBlockBytes);
        Assert.Equal(0, _gateway.Store.HeldBytes);
    }

    [Fact]
    public async Task Whoever_reads_beside_pushes_sees_one_push_at_a_time()
    {
        const int Series = 50;
        const int Rounds = 2000;
        MetricStore store = _gateway.Store;
        string body = string.Concat(Enumerable.Range(0, Series).Select(static i => $"v{i:d2} @\n"));
        store.Push(s_key, PushFormat.Text, Encoding.UTF8.GetBytes(body.Replace("@", "0", StringComparison.Ordinal)), PushMode.Replace);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task pushes = Task.Run(
            () =>
            {
                for (int i = 1; i <= Rounds; i++)
                {
                    // Now and then one that is not steady.
                    string more = i % 100 == 0 ? "w 1\n" : "";
                    string pushed = body.Replace("@", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) + more;
                    store.Push(s_key, PushFormat.Text, Encoding.UTF8.GetBytes(pushed), PushMode.Replace);
                }
            },
            cancellation);
        double last = 0;
        while (last < Rounds)
        {
            double[] values = [.. store.GetSamples(s_key)!.Where(static sample => sample.Name[0] == 'v').Select(static s => s.Value)];
            Assert.Equal(Series, values.Length);
            Assert.All(values, value => Assert.Equal(values[0], value));
            Assert.True(values[0] >= last, $"{values[0]} after {last}");
            last = values[0];
            Assert.True(store.GetValue("v07{job=\"x\",table=\"users\"}") >= last);
            Assert.False(pushes.IsFaulted, pushes.Exception?.ToString());
        }

        await pushes;
        Assert.True(store.RepeatedPushes > 0);
    }
}
