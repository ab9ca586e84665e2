using System.Runtime.CompilerServices;

namespace Exposition.Engine.Tests;

public class LoadingTests
{
    private static readonly GroupingKey s_a = Harness.Key("job", "a");
    private static readonly GroupingKey s_b = Harness.Key("job", "b");

    [Fact]
    public void Restored_groups_appear_at_the_end_of_a_loading_and_others_use_the_store_meanwhile()
    {
        var source = new Harness();
        source.Put(s_a, "x 1\n");
        source.Put(s_b, "x 2\n");
        var gateway = new Harness();
        gateway.Put(s_b, "x 0\n");
        using (gateway.Store.BeginLoading())
        {
            gateway.Store.Restore(s_a, source.Group(s_a)!.Families);
            gateway.Store.Restore(s_b, source.Group(s_b)!.Families);
            Assert.Null(gateway.Group(s_a));
            Assert.Equal("2", gateway.Value("x{instance=\"\",job=\"b\"}"));

            gateway.Put(Harness.Key("job", "pushed"), "x 3\n");
            gateway.Store.Restore(Harness.Key("job", "gone"), source.Group(s_a)!.Families);
            Assert.True(gateway.Store.Delete(Harness.Key("job", "gone")));
        }

        Assert.Equal(3, gateway.Store.GroupCount);
        Assert.Equal("1", gateway.Value("x{instance=\"\",job=\"a\"}"));
        Assert.Equal("3", gateway.Value("x{instance=\"\",job=\"pushed\"}"));
        Assert.True(gateway.Store.Delete(s_a));
        Assert.Null(gateway.Group(s_a));
    }

    [Fact]
    public void A_loading_inside_another_ends_with_the_outer_one()
    {
        var source = new Harness();
        source.Put(s_a, "x 1\n");
        var gateway = new Harness();
        IDisposable outer = gateway.Store.BeginLoading();
        IDisposable inner = gateway.Store.BeginLoading();
        gateway.Store.Restore(s_a, source.Group(s_a)!.Families);
        inner.Dispose();
        inner.Dispose();
        Assert.Equal(0, gateway.Store.GroupCount);
        outer.Dispose();
        Assert.Equal(1, gateway.Store.GroupCount);
    }

    // A restored group is checked by names and types first; a push never is. In one order of groups both must hide the same families.
    [Fact]
    public void What_is_hidden_of_restored_groups_is_what_is_hidden_of_unchecked_pushes()
    {
        const int Seed = 11;
        string[] names = ["x", "x_count", "x_sum", "x_bucket", "y", "push_failure_time_seconds"];
        string[] types = ["gauge", "counter", "summary", "histogram", "untyped"];
        int hidden = 0;
        for (int run = 0; run < 300; run++)
        {
            var random = new Random(Seed + run);
            var pushed = new Harness(check: false);
            var keys = new List<GroupingKey>();
            for (int i = 0; i < 6; i++)
            {
                GroupingKey key = random.Next(3) switch
                {
                    0 => Harness.Key("job", $"j{i}"),
                    1 => Harness.Key("job", $"j{random.Next(i + 1)}", "zone", $"z{i}"),
                    _ => Harness.Key("job", $"j{random.Next(i + 1)}", "rack", $"r{i}"),
                };
                string body = string.Concat(Enumerable.Range(0, 1 + random.Next(3))
                    .Select(_ => Family(names[random.Next(names.Length)], types[random.Next(types.Length)], random))
                    .DistinctBy(static text => text.Split(' ')[2]));
                if (!keys.Contains(key) && pushed.Put(key, body).Status == PushStatus.Accepted && pushed.Group(key) is not null)
                {
                    keys.Add(key);
                }
            }

            var restored = new Harness();
            using (restored.Store.BeginLoading())
            {
                foreach (GroupingKey key in keys)
                {
                    restored.Store.Restore(key, pushed.Group(key)!.Families);
                }
            }

            Assert.True(pushed.Text() == restored.Text(), $"seed {Seed + run}:\n{pushed.Text()}\n--- restored:\n{restored.Text()}");
            Assert.Equal(pushed.Store.HiddenFamilies, restored.Store.HiddenFamilies);
            hidden += restored.Notices.Count;
        }

        Assert.InRange(hidden, 50, 10_000);
    }

    [Fact]
    public void What_a_group_was_read_from_is_let_go_of_when_it_is_pushed_again()
    {
        var gateway = new Harness();
        WeakReference memory = Restore(gateway);
        Assert.True(memory.IsAlive);
        gateway.Put(s_a, "# HELP x Some help.\n# TYPE x gauge\nx 2\n");
        gateway.Clock.Advance(1);
        for (int i = 0; i < 10 && memory.IsAlive; i++)
        {
            GC.Collect();
        }

        Assert.False(memory.IsAlive);
        Assert.Contains("# HELP x Some help.\n", gateway.Text(), StringComparison.Ordinal);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Restore(Harness gateway)
    {
        var source = new Harness();
        source.Put(s_a, "# HELP x Some help.\n# TYPE x gauge\nx 1\n");
        byte[] memory = new byte[1000];
        int at = 0;
        FamilyEntry[] families = source.Group(s_a)!.Families.ToArray();
        for (int i = 0; i < families.Length; i++)
        {
            families[i] = families[i] with
            { Name = Moved(families[i].Name), Help = Moved(families[i].Help), Text = Moved(families[i].Text) };
        }

        gateway.Store.Restore(s_a, families);
        return new WeakReference(memory);

        ReadOnlyMemory<byte> Moved(ReadOnlyMemory<byte> bytes)
        {
            bytes.CopyTo(memory.AsMemory(at));
            at += bytes.Length;
            return memory.AsMemory(at - bytes.Length, bytes.Length);
        }
    }

    private static string Family(string name, string type, Random random)
    {
        string labels = random.Next(3) switch { 0 => "", 1 => "{zone=\"z1\"}", _ => "{rack=\"r2\"}" };
        string samples = type switch
        {
            "summary" => $"{name}_sum{labels} 1\n{name}_count{labels} 2\n",
            "histogram" =>
                $"{name}_bucket{(labels.Length == 0 ? "{" : labels[..^1] + ",")}le=\"+Inf\"}} 2\n{name}_sum{labels} "
                + "1\n{name}_count{labels} 2\n",
            _ => $"{name}{labels} 1\n",
        };
        return $"# TYPE {name} {type}\n{samples}";
    }
}
