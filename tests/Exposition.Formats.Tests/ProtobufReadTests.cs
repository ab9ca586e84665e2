using System.Buffers;
using System.Text;
using Google.Protobuf;

namespace Exposition.Formats.Tests;

public sealed class ProtobufReadTests
{
    private const string Malformed = "proto: cannot parse invalid wire-format data";

    [Theory]
    [InlineData("", null)]
    [InlineData("00", null)]
    [InlineData("80", "unexpected EOF")]
    [InlineData("05 0A01", "unexpected EOF")]
    [InlineData("FFFFFFFFFFFFFFFFFF01", "unexpected EOF")]
    [InlineData("FFFFFFFFFFFFFFFFFF02", "proto: variable length integer overflow")]
    [InlineData("FFFFFFFFFFFFFFFFFFFF01", "proto: variable length integer overflow")]
    [InlineData("02 0F00", Malformed)]
    [InlineData("02 0000", Malformed)]
    [InlineData("02 0A05", Malformed)]
    [InlineData("01 0C", Malformed)]
    [InlineData("0B 08FFFFFFFFFFFFFFFFFF02", Malformed)]

    // Tags: a longer spelling of "name", the largest number, one too large.
    [InlineData("04 8A000161", null)]
    [InlineData("06 F8FFFFFF0F00", null)]
    [InlineData("06 F8FFFFFF1F00", Malformed)]

    // Groups: closed, nested, with the wrong end, open.
    [InlineData("04 33080134", null)]
    [InlineData("04 333B3C34", null)]
    [InlineData("02 333C", Malformed)]
    [InlineData("03 330801", Malformed)]

    // A known number with another wire type is an unknown field.
    [InlineData("02 0801", null)]
    [InlineData("05 1D00000000", null)]

    // Packed deltas: a whole one, half of one; packed doubles of the wrong length.
    [InlineData("07 2205 3A03 6A0102", null)]
    [InlineData("07 2205 3A03 6A0180", Malformed)]
    [InlineData("07 2205 3A03 720102", Malformed)]

    // Broken deep inside values that are not even wanted: a gauge, and the labels of an exemplar.
    [InlineData("06 2204 1202 0900", Malformed)]
    [InlineData("0A 2208 1A06 1204 0A02 0A05", Malformed)]
    public void Accepts_and_refuses_as_the_reference(string hex, string? message)
    {
        byte[] body = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        bool read = ProtobufFormat.TryRead(body, new FamilySet(), out FormatError error);
        Assert.Equal(message, read ? null : error.Message);
        Assert.Equal(0, error.Line);
    }

    [Fact]
    public void Groups_may_not_nest_without_end()
    {
        byte[] Nested(int depth) => [.. Enumerable.Repeat((byte)0x33, depth), .. Enumerable.Repeat((byte)0x34, depth)];
        byte[] Body(byte[] message) => [(byte)(0x80 | (message.Length & 0x7F)), (byte)(message.Length >> 7), .. message];
        Assert.True(ProtobufFormat.TryRead(Body(Nested(100)), new FamilySet(), out _));
        Assert.False(ProtobufFormat.TryRead(Body(Nested(101)), new FamilySet(), out _));
    }

    [Theory]
    [InlineData("05", 5)]
    [InlineData("09", 9)]
    [InlineData("FF01", 255)]
    [InlineData("8002", 255)]
    [InlineData("FFFFFFFFFFFFFFFFFF01", 255)]
    [InlineData("8080808010", 0)]
    public void A_type_out_of_range_is_kept(string varint, int expected)
    {
        byte[] type = Convert.FromHexString(varint);
        FamilySet set = ProtobufSupport.Read([(byte)(type.Length + 1), 0x18, .. type]);
        Assert.Equal(expected, (int)set.Families[0].Type);
    }

    // The type decides which value counts, wherever it stands.
    [Fact]
    public void The_type_may_come_last()
    {
        var metric = new Oracle.Metric { Gauge = new() { Value = 1 }, Untyped = new() { Value = 2 } };
        byte[] first = new Oracle.MetricFamily { Name = "a", Metric = { metric } }.ToByteArray();
        byte[] message = [.. first, 0x18, 0x01, 0x18, 0x03];
        FamilySet set = ProtobufSupport.Read([(byte)message.Length, .. message]);
        Assert.Equal(2, set.Metrics[0].Value);
        Assert.Equal(MetricContent.Gauge | MetricContent.Untyped | MetricContent.OnlyInRaw, set.Metrics[0].Content);
    }

    [Fact]
    public void The_last_family_of_a_name_wins_and_order_is_kept()
    {
        static Oracle.MetricFamily Family(string name, int value) =>
            new()
            {
                Name = name,
                Help = $"{value}",
                Type = Oracle.MetricType.Gauge,
                Metric = { new Oracle.Metric { Gauge = new() { Value = value } } }
            };

        string[] names = [.. Enumerable.Range(0, 200).Select(i => $"f{i * 7 % 50}")];
        FamilySet set = ProtobufSupport.Read(ProtobufSupport.Delimited(names.Select(Family)));
        Assert.Equal(names[150..], set.Families.ToArray().Select(f => Encoding.UTF8.GetString(set.Text(f.Name))));
        Assert.Equal(
            Enumerable.Range(150, 50).Select(i => $"{i}"), set.Families.ToArray().Select(f => Encoding.UTF8.GetString(set.Text(f.Help))));
        Assert.Equal(
            Enumerable.Range(150, 50).Select(i => (double)i), set.Families.ToArray().Select(f => set.Metrics[f.FirstMetric].Value));

        // A replacement without metrics leaves none.
        set = ProtobufSupport.Read(ProtobufSupport.Delimited(Family("b", 1), Family("a", 2), new Oracle.MetricFamily { Name = "b" }));
        Assert.Equal([("a", 1), ("b", 0)], set.Families.ToArray().Select(f => (Encoding.UTF8.GetString(set.Text(f.Name)), f.MetricCount)));
    }

    // Protobuf merges a message that occurs twice: scalars of the later one win, lists are joined.
    [Fact]
    public void Values_that_occur_twice_are_merged()
    {
        byte[] first = new Oracle.Metric
        {
            Summary = new()
            { SampleCount = 1, SampleSum = 2, Quantile = { new Oracle.Quantile { Quantile_ = 0.5, Value = 3 } } }
        }.ToByteArray();
        byte[] second = new Oracle.Metric
        { Summary = new() { SampleSum = 4, Quantile = { new Oracle.Quantile { Quantile_ = 0.9, Value = 5 } } } }.ToByteArray();
        byte[] metric = [.. first, .. second];
        byte[] message = [0x18, 0x02, 0x22, (byte)metric.Length, .. metric];
        byte[] body = [(byte)message.Length, .. message];
        FamilySet set = ProtobufSupport.Read(body);
        Assert.Equal("# TYPE \"\" summary\n{\"\",quantile=\"0.5\"} 3\n{\"\",quantile=\"0.9\"} 5\n{\"_sum\"} 4\n{\"_count\"} 1\n",
            ProtobufSupport.WriteText(set));
        Assert.Equal(MetricContent.Summary | MetricContent.OnlyInRaw, set.Metrics[0].Content);
        Assert.Equal(
            Oracle.Metric.Parser.ParseFrom(metric), ProtobufSupport.ParseDelimited(ProtobufSupport.WriteProtobuf(set))[0].Metric[0]);
    }

    public static TheoryData<string, Oracle.Metric> OnlyInRaw() => new()
    {
        { "exemplar", new Oracle.Metric { Counter = new() { Value = 1, Exemplar = new() } } },
        { "created", new Oracle.Metric { Counter = new() { Value = 1, CreatedTimestamp = new() } } },
        { "absent value", new Oracle.Metric { Counter = new() } },
        { "negative zero", new Oracle.Metric { Counter = new() { Value = -0.0 } } },
        { "stale marker", new Oracle.Metric { Counter = new() { Value = BitConverter.UInt64BitsToDouble(0x7FF0000000000002) } } },
        { "two values", new Oracle.Metric { Counter = new() { Value = 1 }, Gauge = new() { Value = 1 } } },
        { "unknown", Oracle.Metric.Parser.ParseFrom([0x1A, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0xA0, 0x06, 0x05]) },
    };

    [Theory]
    [MemberData(nameof(OnlyInRaw))]
    public void What_text_cannot_say_is_flagged(string what, Oracle.Metric metric)
    {
        var family = new Oracle.MetricFamily { Name = what, Type = Oracle.MetricType.Counter, Metric = { metric } };
        FamilySet set = ProtobufSupport.Read(ProtobufSupport.Delimited(family));
        Assert.True((set.Metrics[0].Content & MetricContent.OnlyInRaw) != 0);
        Assert.Equal(family, ProtobufSupport.ParseDelimited(ProtobufSupport.WriteProtobuf(set))[0]);
    }

    [Theory]
    [InlineData(0UL, false)]
    [InlineData(1UL << 53, false)]
    [InlineData((1UL << 53) + 1, true)]
    [InlineData(1UL << 63, false)]
    [InlineData((1UL << 63) + 2048, false)]
    [InlineData((1UL << 63) + 1, true)]
    [InlineData(ulong.MaxValue, true)]
    public void Counts_that_a_float_does_not_hold_are_flagged(ulong count, bool flagged)
    {
        var family = new Oracle.MetricFamily
        {
            Name = "a",
            Type = Oracle.MetricType.Histogram,
            Metric = { new Oracle.Metric { Histogram = new()
                { SampleCount = 1, SampleSum = 1, Bucket = { new Oracle.Bucket { UpperBound = 1, CumulativeCount = count } } } } },
        };
        Assert.Equal(flagged, (ProtobufSupport.Read(ProtobufSupport.Delimited(family)).Metrics[0].Content & MetricContent.OnlyInRaw) != 0);
    }

    [Fact]
    public void Labels_of_the_rows_replace_those_of_the_bytes()
    {
        var metric = new Oracle.Metric
        { Label = { new Oracle.LabelPair { Name = "old", Value = "x" } }, Gauge = new() { Value = 5 }, TimestampMs = 7 };
        var family = new Oracle.MetricFamily { Name = "a", Type = Oracle.MetricType.Gauge, Metric = { metric } };
        FamilySet set = ProtobufSupport.Read(ProtobufSupport.Delimited(family));
        set.SetLabels(0, [new LabelRow { Name = set.AddText("new"u8), Value = set.AddText("y"u8) }]);
        metric.Label[0] = new Oracle.LabelPair { Name = "new", Value = "y" };
        Assert.Equal(family, ProtobufSupport.ParseDelimited(ProtobufSupport.WriteProtobuf(set))[0]);
    }

    [Fact]
    public void Stored_records_can_be_read_again()
    {
        Oracle.MetricFamily family = new ProtobufGenerator(42).Family();
        family.Metric.Add(
            new Oracle.Metric { Histogram = new() { SampleCount = 1, Schema = 3, PositiveSpan = { new Oracle.BucketSpan() } } });
        FamilySet first = ProtobufSupport.Read(ProtobufSupport.Delimited(family));
        var records = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteMetrics(first, 0, records);

        var second = new FamilySet();
        second.Reset(records.WrittenMemory);
        int index = second.AddFamily(second.AddText(first.Text(first.Families[0].Name)), first.Families[0].Type);
        Assert.True(ProtobufFormat.TryReadMetrics(index, second, out _));
        Assert.Equal(family.Metric, ProtobufSupport.ParseDelimited(ProtobufSupport.WriteProtobuf(second))[0].Metric);

        second.Reset(records.WrittenMemory[..^1]);
        Assert.False(ProtobufFormat.TryReadMetrics(second.AddFamily(default, MetricType.Gauge), second, out FormatError error));
        Assert.Equal(Malformed, error.Message);
    }

    [Fact]
    public void A_warm_reader_allocates_nothing()
    {
        byte[] body = ProtobufSupport.Delimited(Enumerable.Range(0, 30).SelectMany(i => new ProtobufGenerator(i).Families()).Reverse());
        var set = new FamilySet();
        Allocation.AssertNone(() => Assert.True(ProtobufFormat.TryRead(body, set, out _)));
        Assert.True(set.Metrics.Length > 20);
    }
}
