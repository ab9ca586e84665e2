using System.Diagnostics;
using System.Globalization;
using System.Text;
using Exposition.Store.Internal;

namespace Exposition.Store.Tests.Concurrency;

/// <summary>How long one request holds the writer lock, for shapes that are adverse: everybody else's first push waits as long.</summary>
[Collection(nameof(StepByStep))]
public class WriterLockTests
{
    // 5 ms on an idle machine; what grows with a product takes seconds.
    private static readonly TimeSpan s_most = TimeSpan.FromMilliseconds(100);

    private readonly MetricStore _store = new(new StoreOptions { ShapeCacheBytes = 0 });
    private int _pushes;

    [Fact]
    public void A_push_of_many_series_of_a_family_under_many_name_sets()
    {
        // Each of the sets could be that of each series.
        string[] names = [.. Enumerable.Range(0, 9).Select(static i => $"l{i}")];
        for (int set = 1; set < 500; set++)
        {
            string[] labels = [.. names.Where((_, i) => (set >> i & 1) != 0).SelectMany(static name => new[] { name, "x" })];
            Push(Harness.Key(["job", "j", .. labels]), "f 1\n");
        }

        string all = string.Concat(names.Select(static name => $"{name}=\"y\","));
        AssertBrief(() => Push(Harness.Key("job", "k"), Lines(5000, i => $"f{{{all}n=\"{i}\"}} {_pushes}\n")));
    }

    [Fact]
    public void A_push_of_series_that_belong_to_other_groups_in_turns()
    {
        foreach (string instance in (string[])["A", "B", "C"])
        {
            Push(Harness.Key("job", "j", "instance", instance), Lines(20_000, static i => $"f{{path=\"/p/{i}\"}} 1\n"));
        }

        AssertBrief(() => Push(Harness.Key("job", "j"), Lines(5000, i => $"f{{group=\"{i:d7}\",instance=\"{"ABC"[i % 3]}\",n=\"{_pushes}\"}} 1\n")));
    }

    [Fact]
    public void A_small_push_to_a_large_group()
    {
        GroupingKey key = Harness.Key("job", "j");
        Push(key, Lines(100_000, static i => $"f{{path=\"/some/path/{i}\"}} 1\n"));
        AssertBrief(() => Enumerable.Range(0, 20).Select(i => Push(key, $"f{i} 1\n", PushMode.Merge)).Last());
    }

    [Fact]
    public void A_change_of_the_families_while_many_series_are_looked_for_is_seen()
    {
        GroupingKey other = Harness.Key("job", "j", "zone", "z");
        Push(other, "f{n=\"x\"} 1\n");

        // As soon as the search begins the other group gets one of the series.
        int thread = Environment.CurrentManagedThreadId;
        bool done = false;
        Interleaving.Hook = step =>
        {
            if (step == Step.ReadSeries && !done && Environment.CurrentManagedThreadId == thread)
            {
                done = true;
                Task.Run(() => Assert.Equal(PushStatus.Stored, Push(other, "f{n=\"500\"} 1\n"))).GetAwaiter().GetResult();
            }
        };
        try
        {
            Assert.Equal(PushStatus.Inconsistent, Push(Harness.Key("job", "j"), Lines(1000, static i => $"f{{n=\"{i}\",zone=\"z\"}} 1\n")));
            Assert.True(done);
        }
        finally
        {
            Interleaving.Hook = null;
        }
    }

    private static string Lines(int count, Func<int, string> line) => string.Concat(Enumerable.Range(0, count).Select(line));

    private PushStatus Push(GroupingKey key, string body, PushMode mode = PushMode.Replace)
    {
        _pushes++;
        return _store.Push(key, PushFormat.Text, Encoding.ASCII.GetBytes(body), mode).Status;
    }

    // The longest hold of what is done; of several times the briefest, so that others on the machine do not count.
    private static void AssertBrief(Func<PushStatus> request)
    {
        long least = long.MaxValue;
        int thread = Environment.CurrentManagedThreadId;
        long entered = 0;
        long longest = 0;
        Interleaving.Hook = step =>
        {
            if (Environment.CurrentManagedThreadId == thread && step is Step.EnterWriter or Step.LeftWriter)
            {
                (longest, entered) = step == Step.EnterWriter ? (longest, Stopwatch.GetTimestamp()) : (Math.Max(longest, Stopwatch.GetTimestamp() - entered), 0);
            }
        };
        try
        {
            for (int i = 0; i < 5; i++)
            {
                longest = 0;
                Assert.Equal(PushStatus.Stored, request());
                least = Math.Min(least, longest);
            }
        }
        finally
        {
            Interleaving.Hook = null;
        }

        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"held for {Stopwatch.GetElapsedTime(0, least).TotalMilliseconds:f3} ms"));
        Assert.InRange(Stopwatch.GetElapsedTime(0, least), TimeSpan.Zero, s_most);
    }
}
