using System.Buffers;
using System.Text;
using Google.Protobuf;

namespace Exposition.Formats.Tests;

public sealed class ProtobufTextTests
{
    [Fact]
    public void Prints_a_field_per_line()
    {
        Assert.Equal(
            """
            name: "a_b"
            help: "q\"\\\n\x01é\xff"
            type: HISTOGRAM
            metric: {
              label: {
                name: "l"
                value: ""
              }
              histogram: {
                sample_count: 18446744073709551615
                sample_sum: -0
                bucket: {
                  cumulative_count: 3
                  upper_bound: inf
                  exemplar: {
                    timestamp: {
                      seconds: -5
                      nanos: 7
                    }
                  }
                }
                schema: -4
                positive_span: {
                  offset: -2
                  length: 3
                }
                positive_delta: 2
                positive_delta: -1
                positive_count: nan
              }
              100: 5
            }


            """.ReplaceLineEndings("\n"),
            Print(compact: false));
    }

    [Fact]
    public void Prints_a_family_per_line() => Assert.Equal(
        """
        name:"a_b" help:"q\"\\\n\x01é\xff" type:HISTOGRAM metric:{label:{name:"l" value:""} histogram:{sample_count:18446744073709551615 sample_sum:-0 bucket:{cumulative_count:3 upper_bound:inf exemplar:{timestamp:{seconds:-5 nanos:7}}} schema:-4 positive_span:{offset:-2 length:3} positive_delta:2 positive_delta:-1 positive_count:nan} 100:5}

        """.ReplaceLineEndings("\n"),
        Print(compact: true));

    [Fact]
    public void Prints_unknown_fields_of_every_wire_type()
    {
        // Field 8 as 64 bits, 32 bits, bytes and a group with a varint.
        byte[] metric = [0x41, 1, 2, 3, 4, 5, 6, 7, 8, 0x45, 1, 2, 3, 4, 0x42, 2, (byte)'x', 0, 0x43, 0x08, 0x07, 0x44];
        byte[] family = [0x22, (byte)metric.Length, .. metric];
        FamilySet set = ProtobufSupport.Read([(byte)family.Length, .. family]);
        var output = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteText(set, 0, EscapingScheme.AllowUtf8, compact: true, output);
        Assert.Equal("name:\"\" type:COUNTER metric:{8:0x0807060504030201 8:0x04030201 8:\"x\\x00\" 8{1:7}}\n",
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Prints_rows_without_bytes()
    {
        var set = new FamilySet();
        int metric = set.AddMetric(set.AddFamily(set.AddText("a"u8), MetricType.Gauge));
        set.Metrics[metric].Value = 1e6;
        var output = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteText(set, 0, EscapingScheme.AllowUtf8, compact: true, output);
        Assert.Equal("name:\"a\" type:GAUGE metric:{gauge:{value:1e+06}}\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    // Whatever was read can be printed; the cursor and the reader stay in step.
    [Fact]
    public void Prints_anything_that_was_read()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var set = new FamilySet();
            byte[] message = new ProtobufGenerator(seed).Mutate(new ProtobufGenerator(seed).Family().ToByteArray());
            if (message.Length > 127 || !ProtobufFormat.TryRead(new byte[] { (byte)message.Length }.Concat(message).ToArray(), set, out _))
            {
                continue;
            }

            var output = new ArrayBufferWriter<byte>();
            ProtobufFormat.WriteText(set, 0, EscapingScheme.Values, compact: seed % 2 == 0, output);
            string text = Encoding.UTF8.GetString(output.WrittenSpan);
            Assert.StartsWith("name:", text, StringComparison.Ordinal);
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
        }
    }

    private static string Print(bool compact)
    {
        var metric = new Oracle.Metric
        {
            Label = { new Oracle.LabelPair { Name = "l", Value = "" } },
            Histogram = new()
            {
                SampleCount = ulong.MaxValue,
                SampleSum = -0.0,
                Schema = -4,
                Bucket = { new Oracle.Bucket { CumulativeCount = 3, UpperBound = double.PositiveInfinity,
                    Exemplar = new() { Timestamp = new() { Seconds = -5, Nanos = 7 } } } },
                PositiveSpan = { new Oracle.BucketSpan { Offset = -2, Length = 3 } },
                PositiveDelta = { 2, -1 },
                PositiveCount = { double.NaN },
            },
        };
        byte[] bytes = [.. metric.ToByteArray(), 0xA0, 0x06, 0x05];
        byte[] help = [.. "q\"\\\n\u0001é"u8, 0xFF];
        byte[] family = [0x0A, 3, .. "a.b"u8, 0x12, (byte)help.Length, .. help, 0x18, 4, 0x22, (byte)bytes.Length, .. bytes];
        FamilySet set = ProtobufSupport.Read([(byte)(family.Length & 0x7F | 0x80), (byte)(family.Length >> 7), .. family]);
        var output = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteText(set, 0, EscapingScheme.Underscores, compact, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
