using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Exposition.Formats.Tests;

/// <summary>A plain listing of families that is the same for a <see cref="FamilySet"/> and for the recorded protobuf of the reference.
/// Doubles are shown by their bits. Families are sorted by name: the reference keeps them in a map.</summary>
internal static class TextDump
{
    public static string Of(FamilySet set)
    {
        var families = new List<string>();
        foreach (ref FamilyRow family in set.Families)
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture,
                $"{Show(set.Text(family.Name))} {(int)family.Type} {(family.HasHelp ? Show(set.Text(family.Help)) : "-")}\n");
            for (int metric = family.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
            {
                AppendMetric(text, set, metric);
            }

            families.Add(text.ToString());
        }

        families.Sort(StringComparer.Ordinal);
        return string.Concat(families);
    }

    private static void AppendMetric(StringBuilder text, FamilySet set, int metric)
    {
        MetricRow row = set.Metrics[metric];
        text.Append("  ");
        foreach (ref LabelRow label in set.LabelsOf(metric))
        {
            text.Append(CultureInfo.InvariantCulture, $"{Show(set.Text(label.Name))}={Show(set.Text(label.Value))},");
        }

        text.Append(CultureInfo.InvariantCulture,
            $" {row.Content & ~MetricContent.Timestamp} {Bits(row.Value)} {row.Count} {Bits(row.CountFloat)}");
        for (int point = row.FirstPoint; point >= 0; point = set.Points[point].Next)
        {
            PointRow p = set.Points[point];
            text.Append(CultureInfo.InvariantCulture, $" [{Bits(p.Bound)} {Bits(p.Value)} {p.Count}]");
        }

        text.Append(row.Content.HasFlag(MetricContent.Timestamp) ? $" @{row.TimestampMs}\n" : "\n");
    }

    /// <summary>Reads varint-delimited io.prometheus.client.MetricFamily messages; only what a text body can produce.</summary>
    public static string OfProtobuf(IEnumerable<byte[]> delimited)
    {
        var families = new List<string>();
        foreach (byte[] bytes in delimited)
        {
            string name = "";
            string help = "-";
            ulong type = 0;
            var metrics = new StringBuilder();
            foreach (Field field in Fields(Fields([0, .. bytes]).Single().Bytes))
            {
                switch (field.Number)
                {
                    case 1: name = Show(field.Bytes); break;
                    case 2: help = Show(field.Bytes); break;
                    case 3: type = field.Value; break;
                    case 4: AppendMetric(metrics, field.Bytes); break;
                    default: throw new InvalidDataException($"family field {field.Number}");
                }
            }

            families.Add($"{name} {type} {help}\n{metrics}");
        }

        families.Sort(StringComparer.Ordinal);
        return string.Concat(families);
    }

    private static void AppendMetric(StringBuilder text, byte[] message)
    {
        var labels = new StringBuilder();
        var points = new StringBuilder();
        var kinds = MetricContent.None;
        (string value, ulong count, string countFloat, string timestamp) = (Bits(0), 0, Bits(0), "");
        foreach (Field field in Fields(message))
        {
            MetricContent kind = field.Number switch
            {
                2 => MetricContent.Gauge,
                3 => MetricContent.Counter,
                4 => MetricContent.Summary,
                5 => MetricContent.Untyped,
                7 => MetricContent.Histogram,
                _ => MetricContent.None,
            };
            kinds |= kind;
            if (field.Number == 1)
            {
                Field[] pair = [.. Fields(field.Bytes)];
                labels.Append(CultureInfo.InvariantCulture,
                    $"{Show(pair.Single(f => f.Number == 1).Bytes)}={Show(pair.Single(f => f.Number == 2).Bytes)},");
            }
            else if (field.Number == 6)
            {
                timestamp = $" @{(long)field.Value}";
            }
            else if (kind is MetricContent.Summary or MetricContent.Histogram)
            {
                kinds |= MetricContent.NoCount | MetricContent.NoSum;
                foreach (Field part in Fields(field.Bytes))
                {
                    kinds &= part.Number switch { 1 or 4 => ~MetricContent.NoCount, 2 => ~MetricContent.NoSum, _ => ~MetricContent.None };
                    switch (part.Number)
                    {
                        case 1: count = part.Value; break;
                        case 2: value = Bits(part.Double); break;
                        case 3:
                            kinds |= AppendPoint(points, part.Bytes);
                            break;
                        case 4:
                            countFloat = Bits(part.Double);
                            kinds |= MetricContent.FloatCounts;
                            break;
                        default: throw new InvalidDataException($"{kind} field {part.Number}");
                    }
                }
            }
            else
            {
                value = Bits(Fields(field.Bytes).Single().Double);
            }
        }

        text.Append(CultureInfo.InvariantCulture, $"  {labels} {kinds} {value} {count} {countFloat}{points}{timestamp}\n");
    }

    // A quantile is (1: double bound, 2: double value), a bucket is (1: integer count, 2: double bound, 4: double count).
    private static MetricContent AppendPoint(StringBuilder text, byte[] message)
    {
        (double bound, double value, ulong count) = (0, 0, 0);
        Field[] fields = [.. Fields(message)];
        bool isQuantile = fields.Any(field => field is { Number: 1, IsDouble: true });
        foreach (Field field in fields)
        {
            switch (field.Number, isQuantile)
            {
                case (1, true): bound = field.Double; break;
                case (2, true): value = field.Double; break;
                case (1, false): count = field.Value; break;
                case (2, false): bound = field.Double; break;
                case (4, false): value = field.Double; break;
                default: throw new InvalidDataException($"point field {field.Number}");
            }
        }

        text.Append(CultureInfo.InvariantCulture, $" [{Bits(bound)} {Bits(value)} {count}]");
        return !isQuantile && double.IsPositiveInfinity(bound) ? MetricContent.InfBucket : MetricContent.None;
    }

    private static string Show(ReadOnlySpan<byte> text) => Convert.ToHexString(text);

    private static string Bits(double value) =>
        double.IsNaN(value) ? "NaN" : BitConverter.DoubleToUInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture);

    // A leading zero tag stands for a bare length prefix, so that a delimited message can be read as one field.
    private static IEnumerable<Field> Fields(byte[] message)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong tag = Varint(message, ref at);
            int wire = tag == 0 ? 2 : (int)(tag & 7);
            byte[] bytes = [];
            ulong value = 0;
            switch (wire)
            {
                case 0:
                    value = Varint(message, ref at);
                    break;
                case 1:
                    value = BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at));
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint(message, ref at);
                    bytes = message[at..(at + length)];
                    at += length;
                    break;
                default:
                    throw new InvalidDataException($"wire type {wire}");
            }

            yield return new Field((int)(tag >> 3), value, bytes, wire == 1);
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = message[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
    }

    private sealed record Field(int Number, ulong Value, byte[] Bytes, bool IsDouble)
    {
        public double Double => BitConverter.UInt64BitsToDouble(Value);
    }
}
