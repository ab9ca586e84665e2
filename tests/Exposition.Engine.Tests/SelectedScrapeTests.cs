using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Exposition.Formats;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests;

/// <summary>Scrapes of some groups: those that selectors choose, and shards.</summary>
public sealed class SelectedScrapeTests
{
    private static readonly string[] s_jobs = ["a", "b", "flink-1", "flink-2", "\"q\\"];
    private static readonly string?[] s_zones = [null, "", "eu", "us/1", "ä"];

    private static readonly string[] s_selectors =
    [
        "{}", "{job=\"a\"}", "{job!=\"a\"}", "{job=~\"flink.*\"}", "{job!~\"flink.*|b\"}", "{zone=\"\"}", "{zone!=\"\",job=~\"a|b\"}",
        "{zone=\"eu\"}", "{zone=\"us/1\"}", "{zone=~\".\"}", "{none=\"x\"}", "{job='\"q\\\\'}",
    ];

    private static readonly ScrapeFormat[] s_formats = Enum.GetValues<ScrapeFormat>();

    /// <summary>What is written of some groups is what a store writes that has no others.</summary>
    [Property(MaxTest = 60)]
    public void A_selected_scrape_is_that_of_a_store_of_the_selected_groups(byte[] pushes, byte first, byte second, byte shards, byte form)
    {
        var selection = new GroupSelection(
            [GroupSelector.Parse(s_selectors[first % s_selectors.Length]), GroupSelector.Parse(s_selectors[second % s_selectors.Length])],
            shards % 3 == 0 ? null : new Shard(shards % (shards % 3), shards % 3));
        (Harness all, Harness some) = (new Harness(), new Harness());
        foreach (byte push in pushes)
        {
            GroupingKey key = KeyOf(push);
            string body = $"# HELP x about {push % 3}\n# TYPE x gauge\nx{{p=\"{push}\"}} {push}\n"
                + (push % 2 == 0 ? "# TYPE c_total counter\nc_total 1\n"
                    : "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_count 2\nh_sum 3\n");
            all.Put(key, body);
            if (selection.Contains(key))
            {
                some.Put(key, body);
            }
            else
            {
                some.Clock.Advance();
            }
        }

        ScrapeFormat format = s_formats[form % s_formats.Length];
        Assert.Equal(some.Bytes(format), all.Bytes(format, selection: selection));
        byte[] zipped = all.GzipAsync(format: format, selection: selection).GetAwaiter().GetResult();
        Assert.Equal(some.Bytes(format), Unzip(zipped));
    }

    [Property(MaxTest = 40)]
    public void Shards_together_are_the_whole_and_have_nothing_in_common(byte[] pushes, byte count)
    {
        int shards = (count % 9) + 1;
        var gateway = new Harness();
        foreach (byte push in pushes)
        {
            gateway.Put(KeyOf(push), $"x{{p=\"{push}\"}} {push}\ny 1\n");
        }

        string[] whole = [.. Series(gateway.Text())];
        string[] parts = [.. Enumerable.Range(0, shards).SelectMany(shard => Series(Text(gateway, new(shard: new Shard(shard, shards)))))];
        Assert.Equal(whole.Order(StringComparer.Ordinal), parts.Order(StringComparer.Ordinal));
        Assert.Equal(parts.Length, parts.Distinct().Count());
    }

    /// <summary>Selectors as a reader of the whole would apply them to its lines.</summary>
    [Property(MaxTest = 40)]
    public void Selectors_choose_what_a_reader_of_all_lines_would_keep(byte[] pushes, byte job, byte zone)
    {
        var gateway = new Harness();
        foreach (byte push in pushes)
        {
            gateway.Put(KeyOf(push), $"x{{p=\"{push}\"}} {push}\n");
        }

        string wantedJob = s_jobs[job % 4];
        string wantedZone = s_zones[zone % s_zones.Length] ?? "";
        var selection = new GroupSelection(
            [GroupSelector.Parse($"{{job=\"{wantedJob}\"}}"), GroupSelector.Parse($"{{zone=\"{wantedZone}\",job!=\"b\"}}")]);
        IEnumerable<string> kept = Series(gateway.Text()).Where(line => line.Contains($"job=\"{wantedJob}\"", StringComparison.Ordinal)
            || (!line.Contains("job=\"b\"", StringComparison.Ordinal) && (wantedZone.Length > 0
                ? line.Contains($"zone=\"{wantedZone}\"", StringComparison.Ordinal)
                : !line.Contains("zone=", StringComparison.Ordinal) || line.Contains("zone=\"\"", StringComparison.Ordinal))));
        Assert.Equal(kept, Series(Text(gateway, selection)));
    }

    [Fact]
    public void What_nothing_is_selected_of_is_empty()
    {
        var gateway = new Harness();
        gateway.Put(Harness.Key("job", "a"), "x 1\n");
        var none = new GroupSelection([GroupSelector.Parse("{job=\"b\"}")]);
        Assert.Equal("", Text(gateway, none));
        Assert.Equal("# EOF\n", Encoding.UTF8.GetString(gateway.Bytes(ScrapeFormat.OpenMetrics, selection: none)));
        Assert.Equal(gateway.Text(), Text(gateway, new GroupSelection()));
        Assert.Equal(gateway.Text(), Text(gateway, new GroupSelection([GroupSelector.Parse("{}")])));
    }

    [Fact]
    public void The_help_is_that_of_the_selected_groups()
    {
        var gateway = new Harness();
        gateway.Put(Harness.Key("job", "a"), "# HELP x of a\n# TYPE x gauge\nx 1\n");
        gateway.Put(Harness.Key("job", "b"), "# HELP x of b\n# TYPE x gauge\nx 1\n");
        var selection = new GroupSelection([GroupSelector.Parse("{job=\"b\"}")]);
        Assert.Contains("# HELP x of b\n", Text(gateway, selection), StringComparison.Ordinal);
    }

    [Fact]
    public void In_one_call_it_is_the_same_with_the_sources_asked_for()
    {
        var gateway = new Harness();
        gateway.Put(Harness.Key("job", "a"), "x 1\n");
        gateway.Put(Harness.Key("job", "b"), "x 2\n");
        var output = new ArrayBufferWriter<byte>();
        var selection = new GroupSelection([GroupSelector.Parse("{job=\"b\"}")]);
        gateway.Store.WriteTo(output, new ScrapeOptions { Selection = selection, Sources = [new OneGauge()] });
        string text = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.Contains("mine 1\n", text, StringComparison.Ordinal);
        Assert.Contains("x{instance=\"\",job=\"b\"} 2\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("job=\"a\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_fills_no_cache_of_compressed_parts_and_asks_none()
    {
        var gateway = new Harness();
        for (int i = 0; i < 2000; i++)
        {
            gateway.Put(Harness.Key("job", "j", "instance", $"{i}"), $"x{{a=\"{new string('a', 50)}\"}} {i}\n");
        }

        await gateway.GzipAsync(selection: new GroupSelection(shard: new Shard(0, 2)));
        Assert.Equal((0L, (0L, 0L)), (gateway.Store.BundleBytes, gateway.Store.BundleLookups));
        await gateway.GzipAsync();
        (long bytes, (long, long) lookups) = (gateway.Store.BundleBytes, gateway.Store.BundleLookups);
        Assert.NotEqual(0, bytes);
        await gateway.GzipAsync(selection: new GroupSelection([GroupSelector.Parse("{}")]));
        Assert.Equal((bytes, lookups), (gateway.Store.BundleBytes, gateway.Store.BundleLookups));
        Assert.Equal(0, gateway.Store.HeldBytes);
    }

    /// <summary>
    /// One pusher counts up in a group and then in another of the same shard: a scrape shows each group whole, and the first never behind
    /// the second or more than one ahead.
    /// </summary>
    [Fact]
    public async Task Beside_pushes_each_is_one_point_in_time()
    {
        const int Shards = 4;
        const int Series = 20;
        var store = new MetricStore(new StoreOptions());
        GroupingKey[] pair = [.. Enumerable.Range(0, 1000).Select(static i => Harness.Key("job", "j", "i", $"{i}"))
            .Where(static key => Shard.IndexOf(key, Shards) == 1).Take(2)];
        for (int i = 0; i < 500; i++)
        {
            store.Push(Harness.Key("job", "other", "i", $"{i}"), PushFormat.Text, "y 1\n"u8.ToArray(), PushMode.Replace);
        }

        using var stop = new CancellationTokenSource();
        Task pusher = Task.Run(() =>
        {
            for (int n = 0; !stop.IsCancellationRequested; n++)
            {
                // Now and then other series, so that it is no repeat push.
                string body = string.Concat(Enumerable.Range(0, n % 7 == 0 ? Series + 1 : Series).Select(s => $"x{{s=\"{s}\"}} {n}\n"));
                byte[] bytes = Encoding.UTF8.GetBytes(body);
                Array.ForEach(pair, key => store.Push(key, PushFormat.Text, bytes, PushMode.Replace).ThrowIfRefused());
                if (n % 50 == 49)
                {
                    Array.ForEach(pair, key => store.Delete(key));
                }
            }
        }, CancellationToken.None);
        var options = new ScrapeOptions { Selection = new GroupSelection([GroupSelector.Parse("{job=\"j\"}")], new Shard(1, Shards)) };
        int met = 0;
        for (int scrape = 0; scrape < 2000; scrape++)
        {
            var output = new ArrayBufferWriter<byte>();
            store.WriteTo(output, options);
            string[] lines = [.. SelectedScrapeTests.Series(Encoding.UTF8.GetString(output.WrittenSpan))
                .Where(static line => line.StartsWith("x{", StringComparison.Ordinal))];
            long?[] values = [.. pair.Select(key => Whole(lines, key, Series))];
            met += values[0] is null || values[1] is null ? 0 : 1;
            Assert.True(values[0] is not null || values[1] is null || values[1] % 50 == 49, $"{values[0]} {values[1]}");
            Assert.True(values[0] is null || values[1] is null || values[0] - values[1] is 0 or 1, $"{values[0]} {values[1]}");
        }

        await stop.CancelAsync();
        await pusher;
        Assert.True(met > 100, $"{met}");
    }

    private static long? Whole(string[] lines, GroupingKey key, int series)
    {
        string mine = key.ToString()[1..].Split(',')[0];
        string[] values = [.. lines.Where(line => line.Contains(mine + ",", StringComparison.Ordinal))
            .Select(static line => line.Split(' ')[^1])];
        if (values.Length == 0)
        {
            return null;
        }

        long value = long.Parse(Assert.Single(values.Distinct()), CultureInfo.InvariantCulture);
        Assert.Equal(value % 7 == 0 ? series + 1 : series, values.Length);
        return value;
    }

    private static GroupingKey KeyOf(byte push)
    {
        string job = s_jobs[push % s_jobs.Length];
        string instance = $"{push % 13}";
        return s_zones[push / 7 % s_zones.Length] is { } zone
            ? Harness.Key("job", job, "instance", instance, "zone", zone) : Harness.Key("job", job, "instance", instance);
    }

    private static string Text(Harness gateway, GroupSelection selection) =>
        Encoding.UTF8.GetString(gateway.Bytes(ScrapeFormat.Text, selection: selection));

    private static IEnumerable<string> Series(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => line[0] != '#');

    private static byte[] Unzip(byte[] member)
    {
        using var gzip = new GZipStream(new MemoryStream(member), CompressionMode.Decompress);
        var raw = new MemoryStream();
        gzip.CopyTo(raw);
        return raw.ToArray();
    }

    private sealed class OneGauge : IMetricSource
    {
        public void Collect(FamilySet into)
        {
            int metric = into.AddMetric(into.AddFamily(into.AddText("mine"u8), MetricType.Gauge));
            into.Metrics[metric].Content = MetricContent.Gauge;
            into.Metrics[metric].Value = 1;
        }
    }
}
