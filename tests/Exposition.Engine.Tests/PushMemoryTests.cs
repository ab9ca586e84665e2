using System.Buffers.Binary;
using System.Text;
using Exposition.Engine.Ingest;

namespace Exposition.Engine.Tests;

/// <summary>What one push takes beside its body, whatever it is made of.</summary>
public sealed class PushMemoryTests
{
    // Tables that do not grow with the body, and pages of arrays.
    private const long Constant = 1 << 20;

    private static readonly GroupingKey s_key = Harness.Key("job", "j", "instance", "i");

    public static TheoryData<string> Shapes =>
        ["labels", "short", "families", "names", "histograms", "long values", "protobuf", "openmetrics"];

    /// <summary>Six times what it stores and twice the body, which itself is the third.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_push_allocates_no_more_than_the_body_twice_and_six_times_what_it_stores(string shape)
    {
        (PushFormat format, byte[] body) = Body(shape);
        for (int push = 0; push < 3; push++)
        {
            // Each time by a store that knows neither series nor blocks.
            MetricStore store = Store();
            long allocated = Allocated(() => store.Push(s_key, format, body, PushMode.Replace));
            Assert.InRange(allocated, 1, (2 * body.Length) + (6 * store.StoredBytes) + Constant);
        }
    }

    /// <summary>But for what the other has stored.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_push_that_replaces_another_takes_no_more(string shape)
    {
        (PushFormat format, byte[] body) = Body(shape);
        MetricStore store = Store();
        store.Push(s_key, format, body, PushMode.Replace);
        for (int push = 0; push < 3; push++)
        {
            // What the push before has left is not there any more.
            for (int i = 0; i < 8; i++)
            {
                store.TrimSpareMemory();
            }

            long allocated = Allocated(() => store.Push(s_key, format, body, PushMode.Replace));
            Assert.InRange(allocated, 1, (2 * body.Length) + (7 * store.StoredBytes) + store.ShapeBytes + Constant);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void What_a_push_is_charged_is_what_it_takes(string shape)
    {
        (PushFormat format, byte[] body) = Body(shape);
        MetricStore store = Store();
        long allocated = Allocated(() => store.Push(s_key, format, body, PushMode.Replace));
        long charged = PushScratch.Of(s_key, format, body);

        // What is kept of families is what it stores.
        Assert.InRange(charged, (allocated - store.StoredBytes) / 2, 6 * allocated);
    }

    [Theory]
    [InlineData("labels", "http_requests_total 1\n")]
    [InlineData("short", "a 1\n")]
    [InlineData("long values", "a 1\n")]
    [InlineData("histograms", "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n")]
    public void What_a_push_is_charged_that_is_put_together_with_a_large_family_is_what_it_takes(string shape, string pushed)
    {
        (PushFormat format, byte[] body) = Body(shape);
        MetricStore store = Store();
        store.Push(s_key, format, body, PushMode.Replace);
        long charged = PushScratch.OfJoin(store.StoredBytes);
        long allocated = Allocated(() =>
            store.Push(s_key, PushFormat.Text, Encoding.ASCII.GetBytes(pushed), PushMode.Series).ThrowIfRefused());
        Assert.InRange(charged, allocated - store.StoredBytes - Constant, 6 * allocated);
    }

    [Fact]
    public void A_large_push_after_another_finds_its_memory_there()
    {
        (PushFormat format, byte[] body) = Body("labels", 300_000);
        MetricStore store = Store(shapeBytes: 0);
        store.Push(s_key, format, body, PushMode.Replace);
        store.Push(s_key, format, body, PushMode.Replace);
        Assert.InRange(Allocated(() => store.Push(s_key, format, body, PushMode.Replace)), 0, body.Length / 4);
    }

    [Fact]
    public void A_body_of_more_series_than_may_be_is_not_read_to_its_end()
    {
        byte[] body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("a 1\n", 1_000_000)));
        var store = new MetricStore(new StoreOptions { MaxSeriesPerPush = 1_000 });
        PushOutcome outcome = default;
        long allocated = Allocated(() => outcome = store.Push(s_key, PushFormat.Text, body, PushMode.Replace));
        Assert.Equal(new PushOutcome(PushStatus.TooManySeries, "too many series in one push: more than 1000"), outcome);
        Assert.InRange(allocated, 0, Constant);
    }

    [Fact]
    public void The_limit_of_series_does_not_stay_with_the_work_area()
    {
        MetricStore store = Store();
        store.Options.MaxSeriesPerPush = 10;
        store.Push(s_key, PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace);
        store.Options.MaxSeriesPerPush = 0;
        byte[] body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 100).Select(static i => $"a{{i=\"{i}\"}} 1\n")));
        Assert.Equal(PushStatus.Stored, store.Push(s_key, PushFormat.Text, body, PushMode.Replace).Status);
    }

    private static MetricStore Store(long shapeBytes = 256 << 20) =>
        new(new StoreOptions { MaxSeriesPerPush = 0, ShapeCacheBytes = shapeBytes });

    private static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static (PushFormat Format, byte[] Body) Body(string shape, int series = 60_000) => shape switch
    {
        "labels" => Text(series, static i =>
            $"http_requests_total{{code=\"{200 + (i % 7)}\",n=\"{i:0000000}\",path=\"/api/v1/{i % 5000}\"}} {i}\n"),
        "short" => Text(series, static i => $"a{{b=\"{i}\"}} 1\n"),
        "families" => Text(series, static i => $"http_requests_{i / 100}_total{{code=\"{200 + (i % 7)}\",n=\"{i:0000000}\"}} {i}\n"),
        "names" => Text(series, static i => $"name_of_its_own_{i} 1\n"),
        "histograms" => Text(series / 12, static i =>
            string.Concat(Enumerable.Range(1, 10).Select(le => $"h_bucket{{n=\"{i}\",le=\"{le}\"}} {le}\n"))
            + $"h_bucket{{n=\"{i}\",le=\"+Inf\"}} 10\nh_sum{{n=\"{i}\"}} 1\nh_count{{n=\"{i}\"}} 10\n", "# TYPE h histogram\n"),
        "long values" => Text(series / 20, static i => $"a{{b=\"{i}{new string('v', 1000)}\"}} 1\n"),
        "openmetrics" => (PushFormat.OpenMetrics, [.. Body("labels", series).Body, .. "# EOF\n"u8]),
        _ => (PushFormat.Protobuf, Protobuf(series)),
    };

    private static (PushFormat Format, byte[] Body) Text(int count, Func<int, string> line, string head = "") =>
        (PushFormat.Text, Encoding.ASCII.GetBytes(head + string.Concat(Enumerable.Range(0, count).Select(line))));

    private static byte[] Protobuf(int series)
    {
        byte[] family = [.. Field(1, "http_requests_total"u8), 24, 0, .. Enumerable.Range(0, series).SelectMany(static i =>
        {
            byte[] value = new byte[9];
            value[0] = 9;
            BinaryPrimitives.WriteDoubleLittleEndian(value.AsSpan(1), i);
            byte[] labels = [.. Label("code", "200"), .. Label("n", $"{i:0000000}"), .. Label("path", $"/api/v1/{i % 5000}")];
            return Field(4, [.. labels, .. Field(3, value)]);
        })];
        return [.. Varint(family.Length), .. family];
    }

    private static byte[] Label(string name, string value) =>
        Field(1, [.. Field(1, Encoding.ASCII.GetBytes(name)), .. Field(2, Encoding.ASCII.GetBytes(value))]);

    private static byte[] Field(int number, ReadOnlySpan<byte> bytes) => [(byte)((number << 3) | 2), .. Varint(bytes.Length), .. bytes];

    private static byte[] Varint(int value) => value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Varint(value >> 7)];
}
