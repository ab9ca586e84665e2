using System.Diagnostics;
using System.Globalization;
using System.Text;
using Exposition.Formats;
using Exposition.Harness;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests.Bundles;

/// <summary>
/// The compressed scrape is made of parts that earlier scrapes have left; unpacked it is the plain scrape, byte for byte, whatever has
/// happened in between and however little room there is for parts.
/// </summary>
public sealed class BundledScrapeTests
{
    private const int Groups = 40;

    // Kind: 0 deletes, 1 is a PUT of other series, 2 a POST, 3 the last push once more, 4 to 9 the last push with other values.
    public sealed record Operation(int Kind, int Group, int Value, EscapingScheme Escaping, bool WithOwn);

    public static class Histories
    {
        public static Arbitrary<Operation[]> Of() => ArbMap.Default.GeneratorFor<bool>().SelectMany(
            _ => Gen.Choose(0, 9), (own, kind) => (own, kind)).SelectMany(
            _ => Gen.Choose(0, Groups + 5), (o, group) => (o.own, o.kind, group)).SelectMany(
            _ => Gen.Choose(0, 100_000), (o, value) => (o.own, o.kind, o.group, value)).SelectMany(
            _ => Gen.Elements(EscapingScheme.Underscores, EscapingScheme.Underscores, EscapingScheme.AllowUtf8, EscapingScheme.Values),
            (o, escaping) => new Operation(o.kind, o.group, o.value, escaping, o.own)).ArrayOf(12).ToArbitrary();
    }

    [Property(MaxTest = 6, Arbitrary = [typeof(Histories)])]
    public async Task Unpacked_it_is_the_plain_scrape(Operation[] history)
    {
        foreach (long room in (long[])[0, 3_000, 20_000, 60_000, 1 << 20])
        {
            string? difference = await RunAsync(history, room, ignoreSerials: false);
            Assert.True(difference is null, difference);
        }
    }

    // Many stretches, of groups that come and go, whose families are not all the same, and of which one family is of another kind in some
    // groups (hidden or not).
    [Fact]
    public async Task Unpacked_a_scrape_of_many_small_groups_is_the_plain_one()
    {
        var random = new Random(7);
        var gateway = new Harness(check: false, bundleBytes: 1 << 20);
        string BodyOf(int group) => string.Concat(
            Enumerable.Range(0, 12).Where(family => random.Next(6) > 0 || family == group % 12).Select(family => string.Create(
            CultureInfo.InvariantCulture,
            $"# TYPE f{family} {(family == 3 && group % 50 == 1 ? "counter" : "gauge")}\n{(group % 3 == 0 ? $"# HELP f{family} Help {group % 2}\n" : "")}f{family}{{l=\"{group}\"}} {random.Next(1000)}\n")));
        for (int group = 0; group < 700; group++)
        {
            gateway.Put(Key(group), BodyOf(group));
        }

        for (int round = 0; round < 25; round++)
        {
            for (int change = 0; change < round % 5; change++)
            {
                int group = random.Next(750);
                if (random.Next(4) == 0)
                {
                    gateway.Store.Delete(Key(group));
                }
                else
                {
                    gateway.Put(Key(group), BodyOf(group));
                }
            }

            Assert.Equal(gateway.Text(), Unpack(await gateway.GzipAsync()));
        }
    }

    // What was found for one point in time must not show in a scrape of another.
    [Fact]
    public async Task Scrapes_of_different_points_in_time_show_each_its_own()
    {
        Harness gateway = Filled();
        string before = gateway.Text();
        using var old = new Scrape(gateway.Store, null, ScrapeFormat.Text, EscapingScheme.Underscores, gzip: true);
        gateway.Put(Key(3), Body(3, 99));
        Assert.Equal(gateway.Text(), Unpack(await gateway.GzipAsync()));
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        while (await old.WriteNextAsync(output, 5000, TestContext.Current.CancellationToken))
        {
        }

        Assert.Equal(before, Unpack(output.WrittenSpan.ToArray()));
        Assert.Equal(gateway.Text(), Unpack(await gateway.GzipAsync()));
    }

    // The checker itself: parts must not be found by the place where they stand.
    [Fact]
    public async Task A_cache_that_ignores_what_its_bundles_are_made_of_is_caught() =>
        Assert.NotNull(await RunAsync([new Operation(4, 3, 77, EscapingScheme.Underscores, false)], 1 << 20, ignoreSerials: true));

    [Fact]
    public async Task What_has_not_changed_is_not_compressed_again()
    {
        Harness gateway = Filled(new Harness(names: NameScheme.Utf8), groups: 160);
        byte[] first = await gateway.GzipAsync();
        long compressed = gateway.Store.BundleLookups.Compressed;
        Assert.InRange(compressed, 20, 120);
        Assert.Equal(first, await gateway.GzipAsync());
        Assert.Equal(compressed, gateway.Store.BundleLookups.Compressed);
    }

    // One in each of the six families that it is in, and the one with the push times; the values of the others are not touched by their
    // pushes. A group that happens to end a stretch of groups, which the process draws anew, touches more.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_push_makes_one_bundle_per_family_anew(bool create)
    {
        Harness gateway = Filled(new Harness(names: NameScheme.Utf8), groups: 160);
        await gateway.GzipAsync();
        Assert.True(gateway.Store.BundleLookups.Compressed > 35);
        var made = new List<long>();
        foreach (int group in (int[])[7, 21, 35, 49, 63])
        {
            long before = gateway.Store.BundleLookups.Compressed;
            Assert.Equal(PushStatus.Stored, gateway.Put(Key(create ? 1000 + group : group), Body(group, 5)).Status);
            await gateway.GzipAsync();
            made.Add(gateway.Store.BundleLookups.Compressed - before);
        }

        Assert.InRange(made.Order().ElementAt(2), 7, create ? 24 : 9);
    }

    [Fact]
    public async Task What_stays_the_same_is_compressed_better_after_some_scrapes()
    {
        Harness gateway = Filled();
        int first = (await gateway.GzipAsync()).Length;
        byte[] last = [];
        for (int i = 0; i < 6; i++)
        {
            last = await gateway.GzipAsync();
        }

        Assert.True(last.Length < first * 0.9, $"{last.Length} instead of {first}");
        Assert.Equal(gateway.Text(), Unpack(last));
    }

    [Fact]
    public async Task The_cache_keeps_to_its_limit()
    {
        foreach (long room in (long[])[0, 20_000, 1 << 20])
        {
            Harness gateway = Filled(room);
            for (int i = 0; i < 5; i++)
            {
                gateway.Put(Key(i), Body(i, i * 7));
                await gateway.GzipAsync();
                Assert.InRange(gateway.Store.BundleBytes, 0, Math.Max(room, 7_000));
            }
        }
    }

    [Fact]
    public async Task Scrapes_at_once_share_the_work()
    {
        Harness gateway = Filled();
        var scrapes = Enumerable.Range(0, 4)
            .Select(_ => new Scrape(gateway.Store, null, ScrapeFormat.Text, EscapingScheme.Underscores, gzip: true)).ToList();
        await Task.WhenAll(scrapes.Select(s => Task.Run(() => s.PrepareAsync().AsTask())));
        long all = gateway.Store.BundleLookups.Compressed;
        scrapes.ForEach(s => s.Dispose());
        await Filled(gateway = new Harness(names: NameScheme.Utf8)).GzipAsync();
        Assert.Equal(gateway.Store.BundleLookups.Compressed, all);
    }

    [Fact]
    public async Task A_small_scrape_is_one_bundle_that_is_not_kept()
    {
        var gateway = new Harness();
        gateway.Put(Key(1), "a 1\n");
        Assert.Equal(gateway.Text(), Unpack(await gateway.GzipAsync()));
        Assert.Equal(0, gateway.Store.BundleLookups.Compressed);
        Assert.Equal("", Unpack(await new Harness().GzipAsync()));
    }

    [Fact]
    public async Task A_scrape_that_is_given_up_leaves_nothing_behind()
    {
        Harness gateway = Filled();
        using (var scrape = new Scrape(gateway.Store, null, ScrapeFormat.Text, EscapingScheme.Underscores, gzip: true))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await scrape.PrepareAsync(new CancellationToken(true)));
        }

        Assert.Equal(gateway.Text(), Unpack(await gateway.GzipAsync()));
        Assert.Equal(0, gateway.Store.HeldBytes);
    }

    [Fact]
    public async Task Python_unpacks_it_as_one_member()
    {
        const string Script = """
            import sys, zlib
            member = zlib.decompressobj(31)
            text = member.decompress(sys.stdin.buffer.read()) + member.flush()
            assert member.eof and not member.unused_data
            sys.stdout.buffer.write(text)
            """;
        const string Python = "/usr/bin/python3";
        Assert.SkipUnless(File.Exists(Python), "python3 is not installed");
        Harness gateway = Filled();
        await gateway.GzipAsync();
        gateway.Put(Key(3), Body(3, 99));
        using var process = Process.Start(
            new ProcessStartInfo(Python, ["-c", Script]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        byte[] member = await gateway.GzipAsync();
        Task feed = Task.Run(() =>
        {
            process.StandardInput.BaseStream.Write(member);
            process.StandardInput.Close();
        });
        Assert.Equal(gateway.Text(), await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        await feed;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }

    // Blocks of bundles are poisoned when they go back to their pool, and so are those of pushes.
    [Fact]
    public async Task Scrapes_beside_pushes_show_only_what_was_pushed()
    {
        Harness gateway = Filled(200_000);
        using var stop = new CancellationTokenSource();
        Task pusher = Task.Run(() =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                gateway.Store.Push(Key(i % Groups), PushFormat.Text, Encoding.UTF8.GetBytes(Body(i % Groups, i)), PushMode.Replace);
            }
        });
        int scrapes = 0;

        // For two seconds, and on a busy machine until enough has been seen.
        stop.CancelAfter(TimeSpan.FromMinutes(1));
        long started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested && (scrapes <= 10 || Stopwatch.GetElapsedTime(started).TotalSeconds < 2))
            {
                CheckValues(Unpack(await gateway.GzipAsync()));
                Interlocked.Increment(ref scrapes);
            }
        })));
        await stop.CancelAsync();
        await pusher;
        Assert.True(scrapes > 10, $"{scrapes} scrapes");
        Assert.Equal(0, gateway.Store.HeldBytes);
    }

    // All of a group's values are those of one push.
    private static void CheckValues(string text)
    {
        var values = new Dictionary<string, string>();
        foreach (string line in text.Split('\n').Where(static l => l.StartsWith('f')))
        {
            string group = line[line.IndexOf("instance", StringComparison.Ordinal)..line.IndexOf(",job", StringComparison.Ordinal)];
            string value = line[(line.LastIndexOf(' ') + 1)..];
            Assert.Equal(value, values.TryGetValue(group, out string? other) ? other : values[group] = value);
        }

        Assert.Equal(Groups, values.Count);
    }

    // The first difference between a compressed scrape and the plain one, or null.
    private static async Task<string?> RunAsync(Operation[] history, long room, bool ignoreSerials)
    {
        Harness gateway = Filled(room);
        gateway.Store.Bundles.IgnoresSerials = ignoreSerials;
        var last = new Dictionary<int, string>();
        FamilySet own = Own(0);
        await gateway.GzipAsync();
        foreach (Operation operation in history)
        {
            GroupingKey key = Key(operation.Group);
            string before = last.TryGetValue(operation.Group, out string? pushed) ? pushed : Body(operation.Group, 0);
            switch (operation.Kind)
            {
                case 0:
                    gateway.Store.Delete(key);
                    break;
                case 1:
                    gateway.Put(key, last[operation.Group] = $"other{operation.Value % 5} {operation.Value}\n");
                    break;
                case 2:
                    gateway.Post(key, $"{{\"other.ü{operation.Value % 3}\",\"l.b\"=\"x\"}} {operation.Value}\n");
                    break;
                case 3:
                    gateway.Put(key, before);
                    break;
                default:
                    gateway.Put(key, last[operation.Group] = Body(operation.Group, operation.Value));
                    break;
            }

            own = operation.WithOwn ? Own(operation.Value) : own;
            for (int i = 0; i < 2; i++)
            {
                string expected = gateway.Text(operation.Escaping, own: operation.WithOwn ? own : null);
                byte[] member = await gateway.GzipAsync(
                    operation.Escaping, step: 1000 + operation.Value, own: operation.WithOwn ? own : null);
                if (Unpack(member) is var actual && actual != expected)
                {
                    int at = actual.AsSpan().CommonPrefixLength(expected);
                    return $"{room}: at {at} of {expected.Length} {Around(actual, at)} instead of {Around(expected, at)}; {operation}";
                }
            }
        }

        return null;
    }

    private static string Around(string text, int at) => text[Math.Max(0, at - 40)..Math.Min(text.Length, at + 80)];

    private static Harness Filled(long room = 1 << 20) => Filled(new Harness(names: NameScheme.Utf8, bundleBytes: room));

    private static Harness Filled(Harness into, int groups = Groups)
    {
        for (int group = 0; group < groups; group++)
        {
            Assert.Equal(PushStatus.Stored, into.Put(Key(group), Body(group, 0)).Status);
        }

        return into;
    }

    private static GroupingKey Key(int group) => Harness.Key("job", "j", "instance", $"i{group}");

    // Six families of about two kilobytes each, and two small ones of which one has a name that is escaped.
    private static string Body(int group, int value)
    {
        var body = new StringBuilder();
        for (int family = 0; family < 6; family++)
        {
            body.Append(CultureInfo.InvariantCulture, $"# HELP f{family} Help of {family}\n# TYPE f{family} gauge\n");
            for (int line = 0; line < 40; line++)
            {
                body.Append(CultureInfo.InvariantCulture,
                    $"f{family}{{path=\"/{(group * 7919 * (line + 1)) % 10007:x}/{line}\"}} {value}\n");
            }
        }

        return body.Append(CultureInfo.InvariantCulture, $"small {value}\n")
            .Append(group % 2 == 0 && group < Groups ? $"{{\"small.é\"}} {value}\n" : "").ToString();
    }

    private static FamilySet Own(int value)
    {
        var own = new FamilySet();
        foreach (string name in (string[])["aaa_first", "f3_own", "zzz_last"])
        {
            int metric = own.AddMetric(own.AddFamily(Encoding.UTF8.GetBytes(name), MetricType.Gauge, "Own"u8));
            own.Metrics[metric].Content = MetricContent.Gauge;
            own.Metrics[metric].Value = value;
        }

        return own;
    }

    private static string Unpack(byte[] member) => Encoding.UTF8.GetString(Gzip.Unpack(member));
}
