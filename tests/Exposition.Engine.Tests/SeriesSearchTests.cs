using System.Diagnostics;
using System.Text;
using Exposition.Engine.Consistency;
using Exposition.Engine.Ingest;
using Exposition.Formats;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests;

/// <summary>
/// The series of a push in other groups: found wherever they are, at a cost that does not grow with what is stored there.
/// </summary>
public class SeriesSearchTests
{
    private static readonly GroupingKey s_self = Harness.Key("job", "j");
    private static readonly string[] s_values = ["", "a", "b", "aa", "\\\\", "\\\"", "\\n", "z", "ä", "0"];

    [Property(MaxTest = 300)]
    public void A_family_is_found_to_hold_what_it_holds_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        string type = ((string[])["gauge", "summary", "histogram", "untyped"])[random.Next(4)];
        string[] all = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => Labels(random)).Distinct()];
        string[] stored = [.. all.Where(_ => random.Next(2) == 0)];
        var other = new Harness();
        if (stored.Length == 0
            || other.Put(Harness.Key("job", "j", "zone", "z"), Body(type, stored, zone: null)).Status != PushStatus.Stored)
        {
            return;
        }

        FamilyEntry entry = other.Group(Harness.Key("job", "j", "zone", "z"))!.Families.ToArray()
            .Single(static e => e.Name.Span.SequenceEqual("f"u8));
        var set = new FamilySet();
        Assert.True(TextFormat.TryRead(
            Encoding.UTF8.GetBytes(Body(type, all, "z")), new TextReadOptions(NameScheme.Legacy, Lenient: true), set, out _));
        new LabelMerge().Apply(s_self, set);
        new SeriesOrder().Sort(set, 0);
        var search = new SeriesSearch();
        var found = new HashSet<string>();
        int from = 0;
        for (int metric = set.Families[0].FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            int anew = 0;
            bool contains = search.Contains(entry, set, metric, ref from);
            Assert.Equal(contains, search.Contains(entry, set, metric, ref anew));
            Assert.Equal(from, anew);
            if (contains)
            {
                found.Add(PushRules.Collected(set, 0, metric));
            }
        }

        entry.Read(set);
        Assert.Equal(stored.Length, set.Families[0].MetricCount);
        var expected = new HashSet<string>();
        for (int metric = 0; metric >= 0; metric = set.Metrics[metric].Next)
        {
            expected.Add(PushRules.Collected(set, 0, metric));
        }

        Assert.Equal(expected, found);
    }

    [Fact]
    public void Names_beyond_the_legacy_charset_are_found_too()
    {
        var gateway = new Harness(names: NameScheme.Utf8);
        foreach (string type in (string[])["gauge", "summary", "histogram"])
        {
            string ending = type == "gauge" ? "" : "_count";
            string body =
                $"# TYPE \"x.\\\"y\" {type}\n{{\"x.\\\"y{ending}\",\"a.b\"=\"1\",zone=\"z\"}} "
                + $"1\n{{\"x.\\\"y{ending}\",\"a.b\"=\"2\",zone=\"z\"}} 1\n";
            Assert.Equal(PushStatus.Stored, gateway.Put(Harness.Key("job", "j", "zone", "z"), body).Status);
            Assert.Equal(PushStatus.Inconsistent, gateway.Put(s_self, body).Status);
            Assert.Equal(PushStatus.Stored, gateway.Put(s_self, body.Replace("\"1\"", "\"3\"", StringComparison.Ordinal)
                .Replace("\"2\"", "\"4\"", StringComparison.Ordinal)).Status);
            gateway.Store.Wipe();
        }
    }

    [Fact]
    public void Series_that_belong_to_two_groups_in_turns_cost_what_they_cost_in_a_row()
    {
        const int Stored = 20_000;
        const int Pushed = 1000;
        var store = new MetricStore(new StoreOptions { ShapeCacheBytes = 0 });
        string big = string.Concat(Enumerable.Range(0, Stored).Select(static n => $"f{{path=\"/p/{n}\"}} {n}\n"));
        foreach (string instance in (string[])["A", "B"])
        {
            Assert.Equal(PushStatus.Stored, Put(store, Harness.Key("job", "j", "instance", instance), big));
        }

        // Before, each of the series in turns read 20,000: 50 times as much. Of several runs the quickest, so that others on the machine do
        // not matter.
        long row = Quickest(static _ => "A");
        long turns = Quickest(static n => n % 2 == 0 ? "A" : "B");
        Assert.InRange(turns, 0, (row * 5) + Stopwatch.Frequency / 100);

        long Quickest(Func<int, string> instance)
        {
            string body = string.Concat(Enumerable.Range(0, Pushed).Select(n => $"f{{group=\"{n:d7}\",instance=\"{instance(n)}\"}} 1\n"));
            long least = long.MaxValue;
            for (int i = 0; i < 5; i++)
            {
                long start = Stopwatch.GetTimestamp();
                Assert.Equal(PushStatus.Stored, Put(store, s_self, body));
                least = Math.Min(least, Stopwatch.GetTimestamp() - start);
            }

            return least;
        }
    }

    [Fact]
    public void The_stores_own_families_meet_only_groups_of_the_same_labels()
    {
        var gateway = new Harness();
        Assert.Equal(PushStatus.Stored, gateway.Put(s_self, "a 1\n").Status);
        Assert.Contains(
            "push_failure_time_seconds", gateway.Put(Harness.Key("job", "j", "instance", ""), "b 1\n").Error, StringComparison.Ordinal);
        Assert.Equal(PushStatus.Stored, gateway.Put(Harness.Key("job", "j", "instance", "x"), "b 1\n").Status);

        // A client may push the time of a failure, and then with labels of its own: those of another group, or of one that comes later.
        gateway.Put(s_self, "a{a=\"1\"} 1\na{a=\"1\"} 1\n");
        const string Failure = "# TYPE push_failure_time_seconds gauge\npush_failure_time_seconds";
        GroupingKey later = Harness.Key("job", "j", "instance", "y", "zone", "z");
        Assert.Contains("was collected before", gateway.Post(s_self, Failure + "{instance=\"x\"} 1\n").Error, StringComparison.Ordinal);
        Assert.Equal(PushStatus.Stored, gateway.Post(s_self, Failure + "{instance=\"y\",zone=\"z\"} 1\n").Status);
        Assert.Contains("was collected before", gateway.Put(later, "b 1\n").Error, StringComparison.Ordinal);
        Assert.Equal(PushStatus.Stored, gateway.Post(s_self, Failure + " 1\n").Status);
        Assert.Equal(PushStatus.Stored, gateway.Put(later, "b 1\n").Status);
    }

    private static PushStatus Put(MetricStore store, GroupingKey key, string body) =>
        store.Push(key, PushFormat.Text, Encoding.UTF8.GetBytes(body), PushMode.Replace).Status;

    private static string Labels(Random random) => string.Concat(((string[])["a", "b", "le2", "x"]).Where(_ => random.Next(3) > 0)
        .Select(name => $"{name}=\"{s_values[random.Next(s_values.Length)]}\","));

    private static string Body(string type, string[] labels, string? zone)
    {
        string zoneLabel = zone is null ? "" : $"zone=\"{zone}\"";
        return $"# TYPE f {type}\n" + string.Concat(labels.Select(l => type switch
        {
            "summary" => $"f{{{l}{zoneLabel}{(l.Length + zoneLabel.Length > 0 && zoneLabel.Length > 0 ? "," : "")}quantile=\"0.5\"}} "
                + "1\nf_sum{{{l}{zoneLabel}}} 2\nf_count{{{l}{zoneLabel}}} 3\n",
            "histogram" => $"f_bucket{{{l}{zoneLabel}{(zoneLabel.Length > 0 ? "," : "")}le=\"1\"}} 1\nf_count{{{l}{zoneLabel}}} 3\n",
            _ => $"f{{{l}{zoneLabel}}} 1\n",
        }));
    }
}
