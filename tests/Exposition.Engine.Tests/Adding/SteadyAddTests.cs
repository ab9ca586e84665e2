using System.Globalization;
using System.Text;

namespace Exposition.Engine.Tests.Adding;

/// <summary>Additions of the same series are patched in, and allocate nothing.</summary>
public sealed class SteadyAddTests
{
    [Theory]
    [InlineData(PushMode.Add, "")]
    [InlineData(PushMode.Series, "")]
    [InlineData(PushMode.Add, "id")]
    public void Pushes_of_the_same_series_are_patched_in_beside_series_of_others(PushMode mode, string id)
    {
        var adder = new Adder();
        adder.Take("# TYPE c counter\nc{x=\"0\"} 100\nc{x=\"9\"} 100\n# TYPE other gauge\nother 1\n");
        for (int i = 1; i <= 10; i++)
        {
            adder.Take(Body(i), mode, id.Length > 0 ? id + i : "");
        }

        Assert.InRange(adder.Store.RepeatedPushes, 7, 9);
        int sum = mode == PushMode.Add ? 55 : 10;
        Assert.Equal(
            string.Create(CultureInfo.InvariantCulture, $"c{{x=\"0\"}} 100\nc{{x=\"1\"}} {sum}\nc{{x=\"2\"}} {sum * 2}\nc{{x=\"9\"}} 100\n")
            + string.Create(CultureInfo.InvariantCulture, $"g 10\nh_bucket{{le=\"1\"}} {sum}\nh_bucket{{le=\"+Inf\"}} {sum * 2}\n")
            + string.Create(CultureInfo.InvariantCulture, $"h_sum {sum * -0.5}\nh_count {sum * 2}\nother 1"),
            adder.Shown());
    }

    /// <summary>The line of the last refusal once lay in a large block of the first push, and made each push be packed anew.</summary>
    [Theory]
    [InlineData(PushMode.Add)]
    [InlineData(PushMode.Series)]
    [InlineData(PushMode.Merge)]
    public void Pushes_of_many_series_are_patched_in_too(PushMode mode)
    {
        var adder = new Adder();
        string body = "# TYPE c counter\n" + string.Concat(Enumerable.Range(0, 12_000).Select(
            static i => string.Create(CultureInfo.InvariantCulture, $"c{{x=\"{i:d20}\"}} 1\n")));
        for (int i = 0; i < 10; i++)
        {
            adder.Take(body, mode);
        }

        Assert.InRange(adder.Store.RepeatedPushes, 7, 9);
    }

    [Fact]
    public void A_patched_addition_that_is_negative_is_refused()
    {
        var adder = new Adder();
        for (int i = 1; i <= 5; i++)
        {
            adder.Take(Body(i));
        }

        adder.Refuse(Body(1).Replace("c{x=\"1\"} 1", "c{x=\"1\"} -1", StringComparison.Ordinal), PushStatus.Unmergeable);
        adder.Take(Body(1));
        Assert.Contains("c{x=\"1\"} 16\n", adder.Shown(), StringComparison.Ordinal);
    }

    [Fact]
    public void Modes_in_turn_do_not_take_one_for_another()
    {
        var adder = new Adder();
        for (int i = 1; i <= 30; i++)
        {
            adder.Take(Body(1), i % 3 == 0 ? PushMode.Replace : PushMode.Add);
        }

        Assert.StartsWith("c{x=\"1\"} 1\nc{x=\"2\"} 2\n", adder.Shown(), StringComparison.Ordinal);
        adder.Take(Body(1));
        Assert.StartsWith("c{x=\"1\"} 2\nc{x=\"2\"} 4\n", adder.Shown(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_steady_addition_allocates_nothing_also_with_ids()
    {
        var store = new MetricStore(new StoreOptions { MaxPushIds = 64 });
        byte[][] bodies = [.. Enumerable.Range(1, 4).Select(static i => Encoding.UTF8.GetBytes(Body(i)))];
        byte[] id = new byte[8];
        int pushes = 0;
        Push(400);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Push(400);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 400);
        Assert.InRange(store.RepeatedPushes, 780, 800);

        void Push(int count)
        {
            for (int i = 0; i < count; i++, pushes++)
            {
                BitConverter.TryWriteBytes(id, pushes);
                PushDetails details = pushes % 2 == 0 ? default : new PushDetails { Id = id };
                Assert.True(store.Push(Adder.Key, PushFormat.Text, bodies[pushes % 4], PushMode.Add, details).IsStored);
            }
        }
    }

    private static string Body(int i) => string.Create(CultureInfo.InvariantCulture, $$"""
        # TYPE c counter
        c{x="1"} {{i}}
        c{x="2"} {{i * 2}}
        # TYPE g gauge
        g {{i}}
        # TYPE h histogram
        h_bucket{le="1"} {{i}}
        h_bucket{le="+Inf"} {{i * 2}}
        h_sum {{i * -0.5}}
        h_count {{i * 2}}

        """);
}
