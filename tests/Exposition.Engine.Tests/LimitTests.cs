using System.Buffers;
using System.Globalization;
using System.Text;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>What a small push can become, and what all pushes together can.</summary>
public class LimitTests
{
    private const string Refused = "push too large: with the grouping labels on every line ";

    private readonly ManualClock _clock = new();

    [Fact]
    public void Grouping_labels_times_series_is_known_before_memory_is_taken()
    {
        MetricStore store = Store(new StoreOptions { MaxGroupingKeyBytes = 0, MaxLabelValueBytes = 0 });
        byte[] body = Series(10_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        PushOutcome outcome = Put(store, Harness.Key("job", "j", "l", new string('v', 30_000)), body);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(PushStatus.RenderedTooLarge, outcome.Status);
        Assert.StartsWith(Refused + $"{body.Length} bytes become 3", outcome.Error, StringComparison.Ordinal);
        Assert.EndsWith(", more than 16777216", outcome.Error, StringComparison.Ordinal);
        Assert.Equal((0, 0L), (store.GroupCount, store.StoredBytes));

        // Rendered it would be 300 MB, and was several times that.
        Assert.InRange(allocated, 0, 16 << 20);
    }

    [Fact]
    public void Many_short_grouping_labels_times_series_are_the_same()
    {
        string[] labels = [
            .. Enumerable.Range(0, 1000).SelectMany(static i => new[] { "l" + i.ToString(CultureInfo.InvariantCulture), "" })];
        Assert.Equal(PushStatus.RenderedTooLarge, Put(Store(), Harness.Key(["job", "j", .. labels]), Series(10_000)).Status);
    }

    [Fact]
    public void What_protobuf_says_once_and_text_on_each_line_is_counted_on_each_line()
    {
        // A label on the lines of all buckets.
        var set = new FamilySet();
        int metric = set.AddMetric(set.AddFamily("h"u8, MetricType.Histogram, default));
        set.AddLabel("l"u8, Encoding.ASCII.GetBytes(new string('v', 60_000)));
        set.Metrics[metric].Content = MetricContent.Histogram;
        for (int i = 0; i < 1000; i++)
        {
            set.AddPoint(metric, i, 0, (ulong)i);
        }

        PushOutcome buckets = Store().Push(Harness.Key("job", "j"), PushFormat.Protobuf, Protobuf(set), PushMode.Replace);
        Assert.Equal(PushStatus.RenderedTooLarge, buckets.Status);

        // A name on the lines of all metrics.
        set.Reset();
        int family = set.AddFamily(Encoding.ASCII.GetBytes(new string('n', 20_000)), MetricType.Gauge, default);
        for (int i = 0; i < 1000; i++)
        {
            metric = set.AddMetric(family);
            set.AddLabel("l"u8, Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture)));
            set.Metrics[metric].Content = MetricContent.Gauge;
        }

        PushOutcome names = Store().Push(Harness.Key("job", "j"), PushFormat.Protobuf, Protobuf(set), PushMode.Replace);
        Assert.Equal(PushStatus.RenderedTooLarge, names.Status);
    }

    [Fact]
    public void A_body_that_is_large_by_itself_is_no_amplification()
    {
        // 4 MB, and 20 MB with its labels: more than the limit, less than eight times the body.
        byte[] body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 50_000)
            .Select(static i => $"some_metric_of_a_job_total{{task=\"{i}\",operator=\"a usual label of an operator\"}} {i}\n")));
        MetricStore store = Store();
        Assert.Equal(PushStatus.Stored, Put(store, Harness.Key("job", "j", "instance", new string('v', 300)), body).Status);
        Assert.InRange(store.StoredBytes, 16 << 20, 8L * body.Length);
    }

    [Theory]
    [InlineData(PushFormat.Text,
        "# TYPE h histogram\nh_bucket{a=\"1\",le=\"1\"} 1\nh_bucket{a=\"1\",le=\"+Inf\"} 2\n# TYPE s summary\ns{quantile=\"0.5\"} 1\n# "
        + "HELP c x\n# TYPE c counter\nc{b=\"\\\"\\\\\\n\"} 1e+100\nd 1\n")]
    [InlineData(PushFormat.Text, "a 1\n")]
    [InlineData(PushFormat.Text, "# TYPE s summary\ns_count 1\n# TYPE h histogram\nh_sum{l=\"x\"} 1\n")]
    [InlineData(PushFormat.OpenMetrics,
        "# TYPE h histogram\nh_bucket{a=\"1\",le=\"+Inf\"} 2\nh_sum{a=\"1\"} 2\nh_count{a=\"1\"} 2\n# TYPE c counter\nc_total 1 # "
        + "{x=\"y\"} 1\n# EOF\n")]
    public void The_size_is_never_less_than_what_is_rendered(PushFormat format, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        foreach (string value in (string[])["j", "\"\\\n", new string('v', 3000)])
        {
            GroupingKey key = Harness.Key("job", value, "zone", value);
            var gateway = new Harness();
            Assert.Equal(PushStatus.Stored, gateway.Push(key, format, bytes, PushMode.Replace).Status);
            var set = new FamilySet();
            Assert.True(format == PushFormat.Text
                ? TextFormat.TryRead(bytes, new TextReadOptions(NameScheme.Legacy, Lenient: true), set, out _)
                : OpenMetricsFormat.TryRead(bytes, NameScheme.Legacy, set, out _));
            long rendered = gateway.Group(key)!.Families.ToArray().Where(static e => !BuiltInFamilies.IsEither(e.Name.Span))
                .Sum(static e => (long)e.Text.Length + e.Sidecar.Length);
            Assert.InRange(rendered, 1, RenderedSize.Of(key, set, format, bytes.Length, enough: long.MaxValue));
            Assert.InRange(rendered, 1, RenderedSize.Of(key, set, format, bytes.Length, enough: 0));
        }
    }

    [Fact]
    public void A_grouping_key_has_a_longest_but_goes_however_long_it_is()
    {
        MetricStore store = Store(new StoreOptions { MaxGroupingKeyBytes = 20 });
        GroupingKey longest = Harness.Key("job", "0123456789abcdef");
        GroupingKey tooLong = Harness.Key("job", "0123456789abcdefg");
        Assert.Equal(PushStatus.Stored, Put(store, longest, "a 1\n"u8.ToArray()).Status);
        Assert.Equal(new PushOutcome(PushStatus.GroupingKeyTooLong, "grouping key too long: 21 bytes are more than 20"),
            Put(store, tooLong, "a 1\n"u8.ToArray()));
        store.Restore(tooLong, []);
        Assert.True(store.Delete(tooLong));
    }

    [Fact]
    public void Families_without_series_count_as_series_do()
    {
        // Each a name of one byte and a type.
        byte[] body = [5, 10, 1, (byte)'a', 24, 1, 5, 10, 1, (byte)'b', 24, 1, 5, 10, 1, (byte)'c', 24, 1];
        PushOutcome outcome = Store(new StoreOptions { MaxSeriesPerPush = 2 })
            .Push(Harness.Key("job", "j"), PushFormat.Protobuf, body, PushMode.Replace);
        Assert.Equal(new PushOutcome(PushStatus.TooManySeries, "too many series in one push: 3 are more than 2"), outcome);
    }

    [Fact]
    public void A_group_that_would_be_too_large_stays_as_it_is()
    {
        MetricStore store = Store(new StoreOptions { MaxGroupBytes = 20_000 });
        GroupingKey key = Harness.Key("job", "j");
        int taken = 0;
        PushOutcome outcome;
        while ((outcome = store.Push(key, PushFormat.Text, Encoding.ASCII.GetBytes($"f{taken}{{x=\"{new string('v', 3000)}\"}} 1\n"),
            PushMode.Merge)).Status == PushStatus.Stored)
        {
            taken++;
        }

        Assert.Equal((PushStatus.GroupTooLarge, 5), (outcome.Status, taken));
        Assert.EndsWith(" bytes are more than 20000", outcome.Error, StringComparison.Ordinal);
        using (StoreView view = store.OpenView())
        {
            Assert.Equal(taken + 2, Assert.Single(view.Groups.ToArray()).Families.Length);
        }

        // Whatever does not make it larger goes on, and so does all once there is room.
        Assert.Equal(PushStatus.Stored, store.Push(key, PushFormat.Text, "f0 1\n"u8.ToArray(), PushMode.Merge).Status);
        Assert.Equal(PushStatus.Stored, store.Push(key, PushFormat.Text, "f9 1\n"u8.ToArray(), PushMode.Merge).Status);
    }

    [Fact]
    public void A_full_store_takes_only_what_makes_no_group_larger()
    {
        MetricStore store = Store(new StoreOptions { MaxStoredBytes = 10_000 });
        GroupingKey a = Harness.Key("job", "a");
        byte[] body = Series(100);
        Assert.Equal(PushStatus.Stored, Put(store, a, body).Status);
        long stored = store.StoredBytes;
        Assert.InRange(stored, 100 * 30, 10_000);
        PushOutcome larger = Put(store, a, Series(300));
        Assert.Equal(PushStatus.StoreFull, larger.Status);
        Assert.StartsWith($"store full: the group would grow from {stored} to ", larger.Error, StringComparison.Ordinal);
        Assert.EndsWith($" bytes, and {stored} of 10000 are stored", larger.Error, StringComparison.Ordinal);
        Assert.Equal(PushStatus.StoreFull, Put(store, Harness.Key("job", "b"), Series(100)).Status);

        // Neither does the trace of a refused push make a group.
        Assert.Equal(PushStatus.StoreFull, Put(store, Harness.Key("job", "b"), Series(200)).Status);
        Assert.Equal(1, store.GroupCount);
        Assert.Equal(PushStatus.Stored, Put(store, a, body).Status);
        Assert.Equal(PushStatus.Stored, Put(store, a, Series(50)).Status);
        Assert.True(store.Delete(a));
        Assert.Equal(0, store.StoredBytes);
        Assert.Equal(PushStatus.Stored, Put(store, Harness.Key("job", "b"), body).Status);
        store.Wipe();
        Assert.Equal(0, store.StoredBytes);
    }

    [Fact]
    public void Series_that_are_there_may_take_any_value_in_a_full_store()
    {
        MetricStore store = Store(new StoreOptions { MaxStoredBytes = 1 });
        var other = Store();
        GroupingKey key = Harness.Key("job", "a");
        Assert.Equal(PushStatus.Stored, Put(other, key, "a 1\nb{l=\"1\"} 1\nb{l=\"2\"} 1\n"u8.ToArray()).Status);
        using (StoreView view = other.OpenView())
        {
            store.Restore(key, view.Groups[0].Families);
        }

        long stored = store.StoredBytes;
        Assert.Equal(other.StoredBytes, stored);
        foreach (string value in (string[])["1", "-1.7976931348623157e+308", "9", "10", "NaN", "123456789.12345678"])
        {
            for (int i = 0; i < 3; i++)
            {
                _clock.Advance(0.123456789);
                Assert.Equal(new PushOutcome(PushStatus.Stored),
                    Put(store, key, Encoding.ASCII.GetBytes($"a {value}\nb{{l=\"1\"}} {value}\nb{{l=\"2\"}} {value}\n")));
                Assert.Equal(stored, store.StoredBytes);
            }
        }

        Assert.True(store.RepeatedPushes > 0);
    }

    [Fact]
    public void Expiry_and_what_is_restored_pass_a_full_store()
    {
        MetricStore store = Store(new StoreOptions { MaxStoredBytes = 3000, ExpiredGrace = TimeSpan.FromSeconds(10) });
        GroupingKey key = Harness.Key("job", "a");
        Assert.Equal(PushStatus.Stored,
            store.Push(key, PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace, new PushDetails(TimeSpan.FromSeconds(1))).Status);
        store.Restore(Harness.Key("job", "b"), [new FamilyEntry("b"u8.ToArray(), MetricType.Gauge, null, 0)
            { Text = Encoding.ASCII.GetBytes($"b{{l=\"{new string('v', 5000)}\"}} 1\n"), SampleCount = 1 }]);
        Assert.InRange(store.StoredBytes, 5000, 8000);
        _clock.Advance(5);
        using (store.OpenView())
        {
            Assert.Equal(1, store.ExpiredGroups);
        }

        _clock.Advance(100);
        using (StoreView view = store.OpenView())
        {
            Assert.Equal(1, view.Groups.Length);
        }

        store.Delete(Harness.Key("job", "b"));
        Assert.Equal(0, store.StoredBytes);
    }

    [Fact]
    public async Task Pushes_at_once_never_pass_the_limit_together()
    {
        const long Most = 200_000;
        MetricStore store = Store(new StoreOptions { MaxStoredBytes = Most });
        byte[] body = Series(50);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(pusher => Task.Run(() =>
        {
            for (int i = 0; i < 500; i++)
            {
                GroupingKey key = Harness.Key("job", "j", "i", ((i * 7) + pusher).ToString(CultureInfo.InvariantCulture));
                Put(store, key, i % 5 == 0 ? Series(10) : body);
                Assert.InRange(store.StoredBytes, 0, Most);
                if (i % 3 == 0)
                {
                    store.Delete(key);
                }
            }
        })));
        using (StoreView view = store.OpenView())
        {
            long sum = 0;
            foreach (GroupSnapshot group in view.Groups)
            {
                sum += group.Size;
            }

            Assert.Equal(store.StoredBytes, sum);
        }

        store.Wipe();
        Assert.Equal(0, store.StoredBytes);
    }

    [Fact]
    public void Only_sets_under_which_a_pushed_family_is_stored_count()
    {
        MetricStore store = Store(new StoreOptions { MaxGroupingNameSets = 20 });

        // A stranger takes sets without any family, and with one of its own.
        for (int i = 0; i < 100; i++)
        {
            PushOutcome outcome = Put(store, Harness.Key("job", "j", $"l{i}", "x"), i < 70 ? [] : "stranger 1\n"u8.ToArray());
            Assert.Equal(i < 90 ? PushStatus.Stored : PushStatus.TooManyNameSets, outcome.Status);
        }

        Assert.Equal(PushStatus.TooManyNameSets, Put(store, Harness.Key("job", "j", "l200", "x"), "stranger 1\n"u8.ToArray()).Status);
        GroupingKey honest = Harness.Key("job", "backup", "instance", "db1");
        Assert.Equal(PushStatus.Stored, Put(store, honest, "a 1\n"u8.ToArray()).Status);

        // Nor may a group that is there take the family under a set too many, while those that have it go on.
        Assert.Equal(PushStatus.TooManyNameSets, Put(store, honest, "stranger 1\n"u8.ToArray()).Status);
        Assert.Equal(PushStatus.Stored, Put(store, Harness.Key("job", "other", "l75", "x"), "stranger 1\n"u8.ToArray()).Status);
        Assert.True(store.Delete(Harness.Key("job", "j", "l80", "x")));
        Assert.Equal(PushStatus.Stored, Put(store, honest, "stranger 1\n"u8.ToArray()).Status);
    }

    private static byte[] Series(int count) =>
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, count).Select(static i => $"a{{x=\"{i}\"}} 1\n")));

    private static byte[] Protobuf(FamilySet set)
    {
        var metrics = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteMetrics(set, 0, metrics);
        var body = new ArrayBufferWriter<byte>();
        FamilyRow row = set.Families[0];
        ProtobufFormat.WriteHeader(
            set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.AllowUtf8, metrics.WrittenCount, body);
        body.Write(metrics.WrittenSpan);
        return body.WrittenSpan.ToArray();
    }

    private static PushOutcome Put(MetricStore store, GroupingKey key, byte[] body) =>
        store.Push(key, PushFormat.Text, body, PushMode.Replace);

    private MetricStore Store(StoreOptions? options = null)
    {
        options ??= new StoreOptions();
        options.Time = _clock;
        options.VerifyShapes = true;
        return new MetricStore(options);
    }
}
