using System.Globalization;
using System.Text;
using Exposition.Formats;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests;

/// <summary>
/// Pushes of a repeated shape: nobody can tell from outside that they went the short way. Every one is also read the long way here
/// (<see cref="StoreOptions.VerifyShapes"/>), and a store without shapes is the oracle for what comes of whole histories.
/// </summary>
public sealed class ShapeTests
{
    private const string Body = """
        # HELP jobs_total Jobs.
        # TYPE jobs_total counter
        jobs_total{state="ok",zone="b"} 10
        jobs_total{state="failed"} 0
        # TYPE temperature gauge
        temperature 21.5
        # TYPE latency summary
        latency{quantile="0.5"} 1.5
        latency{quantile="0.99"} NaN
        latency_count 17
        # TYPE size histogram
        size_bucket{le="1"} 3
        size_bucket{le="+Inf"} 4
        size_sum 12.5
        size_count 4
        untyped{a="x y"} +Inf

        """;

    private static readonly GroupingKey s_job = Harness.Key("job", "j", "zone", "a");
    private readonly Harness _gateway = new();

    [Fact]
    public void The_third_equal_push_goes_the_short_way()
    {
        Put(Body);
        Put(Body);
        Assert.Equal((0, true), (_gateway.Store.RepeatedPushes, _gateway.Store.ShapeBytes > 0));
        Put(Body);
        Assert.Equal(1, _gateway.Store.RepeatedPushes);
        Put(With("21.5", "-3e7").Replace(" 17\n", " 123456789\n", StringComparison.Ordinal));
        Assert.Equal(2, _gateway.Store.RepeatedPushes);
        Assert.Equal("-3e+07", _gateway.Value("temperature{instance=\"\",job=\"j\",zone=\"a\"}"));
        Assert.Equal("1.23456789e+08", _gateway.Value("latency_count{instance=\"\",job=\"j\",zone=\"a\"}"));
        Assert.Equal("0", _gateway.Value("latency_sum{instance=\"\",job=\"j\",zone=\"a\"}"));
        Assert.Equal("1.700000004e+09", _gateway.Value("push_time_seconds{instance=\"\",job=\"j\",zone=\"a\"}"));
        Assert.Equal("0", _gateway.Value("push_failure_time_seconds{instance=\"\",job=\"j\",zone=\"a\"}"));
    }

    [Theory]
    [InlineData("21.5", "22")]
    [InlineData(" 10\n", " 1e300\n")]
    [InlineData("+Inf\n", "-inf\n")]
    [InlineData("NaN", "7")]
    [InlineData(" 3\n", " 4.0\n")]
    [InlineData(" 12.5\n", " -1\n")]
    public void Values_of_all_kinds_change_the_short_way(string old, string changed)
    {
        WarmUp();
        long before = _gateway.Store.RepeatedPushes;
        Put(With(old, changed));
        Put(Body);
        Assert.Equal(before + 2, _gateway.Store.RepeatedPushes);
    }

    [Theory]
    [InlineData("21.5", "-0")]
    [InlineData(" 17\n", " 17.5\n")]
    [InlineData(" 3\n", " 3.5\n")]
    [InlineData(" 3\n", " 1e17\n")]
    [InlineData("zone=\"b\"", "zone=\"c\"")]
    [InlineData("Jobs.", "Jobs!")]
    [InlineData("counter", "untyped")]
    [InlineData("temperature 21.5\n", "temperature 21.5 \n")]
    [InlineData("temperature 21.5\n", "temperature 21.5\nmore 1\n")]
    [InlineData("temperature 21.5\n", "")]
    [InlineData("+Inf\n", "+Inf")]
    [InlineData("quantile=\"0.5\"", "quantile=\"0.6\"")]
    public void What_is_more_than_another_value_goes_the_long_way(string old, string changed)
    {
        WarmUp();
        long before = _gateway.Store.RepeatedPushes;
        Put(With(old, changed));
        Assert.Equal(before, _gateway.Store.RepeatedPushes);
        Put(Body);
        Put(Body);
        Put(Body);
        Put(Body);
        Assert.NotEqual(before, _gateway.Store.RepeatedPushes);
    }

    [Theory]
    [InlineData("temperature 21.5\n", "temperature 21.5x\n", PushStatus.Malformed)]
    [InlineData("temperature 21.5\n", "temperature 1e999\n", PushStatus.Malformed)]
    [InlineData("temperature 21.5\n", "temperature 21.5 1700000000000\n", PushStatus.Inconsistent)]
    [InlineData("temperature 21.5\n", "temperature 21.5\ntemperature 1\n", PushStatus.Inconsistent)]
    public void Refusals_are_as_ever_and_nothing_is_inherited_from_them(string old, string changed, PushStatus status)
    {
        WarmUp();
        Assert.Equal(status, _gateway.Put(s_job, With(old, changed)).Status);
        Put(With("21.5", "22"));
        Assert.Equal("22", _gateway.Value("temperature{instance=\"\",job=\"j\",zone=\"a\"}"));
    }

    [Fact]
    public void A_put_after_posts_of_other_families_removes_them()
    {
        string body = Text(Body);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(PushStatus.Stored, _gateway.Post(s_job, "other 1\n").Status);
            Assert.Equal(PushStatus.Stored, _gateway.Post(s_job, body).Status);
            Assert.Equal(PushStatus.Stored, _gateway.Post(s_job, body).Status);
        }

        Assert.Equal("1", _gateway.Value("other{instance=\"\",job=\"j\",zone=\"a\"}"));
        Put(Body);
        Assert.Null(_gateway.Value("other{instance=\"\",job=\"j\",zone=\"a\"}"));
    }

    [Fact]
    public void A_deleted_group_takes_its_shape_along()
    {
        WarmUp();
        _gateway.Store.Delete(s_job);
        Assert.Equal(0, _gateway.Store.ShapeBytes);
        long before = _gateway.Store.RepeatedPushes;
        Put(Body);
        Assert.Equal(before, _gateway.Store.RepeatedPushes);
    }

    [Fact]
    public void Shapes_stay_within_their_bytes()
    {
        var gateway = new Harness(shapeBytes: 40_000);
        for (int round = 0; round < 6; round++)
        {
            for (int group = 0; group < 50; group++)
            {
                Assert.Equal(PushStatus.Stored, gateway.Put(Harness.Key("job", $"j{group}"), Text(Body)).Status);
            }

            Assert.InRange(gateway.Store.ShapeBytes, 0, 40_000);
        }

        // Those that fit are served although the others come by in every round.
        Assert.InRange(gateway.Store.RepeatedPushes, 4 * 10, 4 * 40);
        var none = new Harness(shapeBytes: 0);
        for (int round = 0; round < 4; round++)
        {
            none.Put(s_job, Text(Body));
        }

        Assert.Equal((0, 0), (none.Store.RepeatedPushes, none.Store.ShapeBytes));
    }

    [Fact]
    public void A_shape_that_is_no_longer_used_makes_room()
    {
        var gateway = new Harness(shapeBytes: 20_000);
        for (int round = 0; round < 3; round++)
        {
            for (int group = 0; group < 20; group++)
            {
                gateway.Put(Harness.Key("job", $"old{group}"), Text(Body));
            }
        }

        long before = gateway.Store.RepeatedPushes;
        GroupingKey fresh = Harness.Key("job", "fresh");
        for (int second = 0; second < 1200; second++)
        {
            gateway.Put(fresh, Text(Body));
        }

        Assert.InRange(gateway.Store.RepeatedPushes, before + 100, long.MaxValue);
    }

    [Fact]
    public void Pushes_of_one_group_may_race()
    {
        var store = new MetricStore(new StoreOptions { VerifyShapes = true });
        Parallel.For(0, 4, thread =>
        {
            for (int i = 0; i < 500; i++)
            {
                string body = $"a{{x=\"1\"}} {thread}\nb {thread}.5\n# TYPE c counter\nc {i}\n";
                Assert.Equal(PushStatus.Stored,
                    store.Push(s_job, PushFormat.Text, Encoding.UTF8.GetBytes(body), (PushMode)(i % 7 == 0 ? 0 : 1)).Status);
            }
        });

        // All values are those of one push.
        using StoreView view = store.OpenView();
        string text = string.Concat(view.Groups[0].Families.ToArray().Select(static entry => Encoding.UTF8.GetString(entry.Text.Span)));
        string thread = text.Split('\n')[0].Split(' ')[^1];
        Assert.Contains($"b{{instance=\"\",job=\"j\",zone=\"a\"}} {thread}.5\n", text, StringComparison.Ordinal);
    }

    [Property(MaxTest = 400, Arbitrary = [typeof(Histories)])]
    public void Histories_come_out_as_without_shapes(Step[] history)
    {
        var plain = new Harness(shapeBytes: 0);
        var shaped = new Harness();
        foreach (Step step in history)
        {
            PushOutcome expected = step.Apply(plain);
            Assert.Equal(expected, step.Apply(shaped));
            Assert.Equal(plain.Bytes(ScrapeFormat.Text), shaped.Bytes(ScrapeFormat.Text));
        }

        Assert.Equal(plain.Bytes(ScrapeFormat.ProtobufDelimited), shaped.Bytes(ScrapeFormat.ProtobufDelimited));
        Assert.Equal(plain.Store.SampleCount, shaped.Store.SampleCount);
    }

    // The property is worth something only if the short way is taken.
    [Fact]
    public void Generated_histories_take_the_short_way()
    {
        long repeated = 0;
        foreach (Step[] history in Histories.Generator().Sample(100, new Rnd(21, 3), 20))
        {
            var gateway = new Harness();
            foreach (Step step in history)
            {
                step.Apply(gateway);
            }

            repeated += gateway.Store.RepeatedPushes;
        }

        Assert.InRange(repeated, 200, long.MaxValue);
    }

    private static string Text(string body) => body.ReplaceLineEndings("\n");

    private static string With(string old, string changed)
    {
        string body = Text(Body);
        Assert.Contains(old, body, StringComparison.Ordinal);
        return body.Replace(old, changed, StringComparison.Ordinal);
    }

    private void Put(string body)
    {
        PushOutcome outcome = _gateway.Put(s_job, Text(body));
        Assert.True(outcome.Status == PushStatus.Stored, outcome.Error);
    }

    private void WarmUp()
    {
        for (int i = 0; i < 8; i++)
        {
            Put(Body);
        }
    }

    public sealed record Step(int Kind, int Group, string Body)
    {
        private static readonly GroupingKey[] s_groups = [Harness.Key("job", "a"), Harness.Key("job", "a", "x", "1")];

        internal PushOutcome Apply(Harness gateway)
        {
            if (Kind == 2)
            {
                gateway.Store.Delete(s_groups[Group]);
                return default;
            }

            return gateway.Push(s_groups[Group], Body, Kind == 0 ? PushMode.Merge : PushMode.Replace);
        }
    }

    public static class Histories
    {
        public static Arbitrary<Step[]> History() => Arb.From(Generator());

        public static Gen<Step[]> Generator()
        {
            Gen<string> value = Gen.Frequency(
                (20, Gen.Choose(0, 1_000_000).Select(static n => n.ToString(CultureInfo.InvariantCulture))),
                (6, Gen.Elements("1.5", "2e3", "NaN", "-7", "+Inf", "0.0", "123456789012345678901")),
                (1, Gen.Elements("-0", "x", "1 5", "")));
            string[] lines =
            [
                "# TYPE c counter\nc{{a=\"1\"}} {0}\nc{{b=\"x y\",a=\"2\"}} {1}\n",
                "g {0}\nother{{l=\"\\\\\"}} {1}\n",
                "# HELP s S.\n# TYPE s summary\ns{{quantile=\"0.5\"}} {0}\ns_count {1}\n",
                "# TYPE h histogram\nh_bucket{{le=\"+Inf\"}} {0}\nh_sum {1}\nh_count {0}\n",
                "# TYPE n histogram\nn_bucket{{le=\"1\"}} {0}\nn_sum {1}\n",
                "{{\"q\"}} {0}\n\nx{{x=\"2\"}} {1}\n",
            ];
            Gen<string> body(int shape) =>
                from values in value.Two().ListOf(lines.Length)
                select string.Concat(lines.Where((_, i) => (shape & (1 << i)) != 0)
                    .Select((line, i) => string.Format(CultureInfo.InvariantCulture, line, values[i].Item1, values[i].Item2)));

            // One or two shapes, again and again, with a step of another kind now and then.
            return from first in Gen.Choose(1, 63)
                   from second in Gen.Choose(1, 63)
                   from steps in (from kind in Gen.Frequency((1, Gen.Constant(0)), (12, Gen.Constant(1)), (1, Gen.Constant(2)))
                                  from @group in Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Constant(1)))
                                  from shape in Gen.Frequency((12, Gen.Constant(first)), (1, Gen.Constant(second)))
                                  from text in body(shape)
                                  select new Step(kind, @group, text)).ListOf(24)
                   select steps.ToArray();
        }
    }
}
