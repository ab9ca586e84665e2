using Exposition.Formats;
using Exposition.Formats.Tests;
using Google.Protobuf;
using MetricFamily = Exposition.Formats.Tests.Oracle.MetricFamily;
using OracleLabel = Exposition.Formats.Tests.Oracle.LabelPair;
using OracleType = Exposition.Formats.Tests.Oracle.MetricType;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// What a delimited body holds, by Google's runtime; and whether the reference, whose runtime is the stricter one, accepts it, by
/// <see cref="ProtobufModel"/>, which spells the wire rules out once more.
/// </summary>
internal static class ProtobufOracle
{
    /// <summary>Stands for all types that do not fit a byte.</summary>
    private const int UnknownType = 255;

    /// <summary>The families, the last of each name only; null if the body is to be refused.</summary>
    public static List<byte[]>? Read(byte[] body)
    {
        var families = new List<byte[]>();
        for (var at = 0; at < body.Length;)
        {
            ulong length = 0;
            var shift = 0;
            do
            {
                if (at == body.Length || shift == 70 || (shift == 63 && body[at] > 1))
                {
                    return null;
                }

                length |= (ulong)(body[at] & 0x7F) << shift;
                shift += 7;
            }
            while (body[at++] >= 0x80);

            if (length > (ulong)(body.Length - at))
            {
                return null;
            }

            var message = body.AsSpan(at, (int)length).ToArray();
            at += message.Length;
            if (!ProtobufModel.IsFamily(message))
            {
                return null;
            }

            families.Add(message);
        }

        return families;
    }

    /// <summary>
    /// Complains if Google's runtime sees something else in the families written than in those read, or if the rows say something else. Of
    /// a family itself only name, help and type are kept, as by the reference, and a label is always written with name and value; of the
    /// rest of a metric everything is kept, unknown fields included.
    /// </summary>
    public static void AssertSame(List<byte[]> read, FamilySet set, List<byte[]> written)
    {
        if (!TryParse(read, out var expected))
        {
            // Names or help that are no UTF-8 (which the reference takes), and what only Google's runtime refuses.
            return;
        }

        var last = expected.GroupBy(family => family.Name).Select(named => named.Last())
            .OrderBy(family => family.Name, StringComparer.Ordinal).ToList();
        var again = written.Select(ParseDelimited).OrderBy(family => family.Name, StringComparer.Ordinal).ToList();
        if (!last.SequenceEqual(again))
        {
            throw new BrokenPromiseException(
                $"Google's runtime read\n{string.Join('\n', last)}\nand, after we read and wrote it,\n{string.Join('\n', again)}");
        }

        var rows = ProtobufRows.Of(set);
        var expectedRows = ProtobufRows.Of(last);
        if (rows != expectedRows)
        {
            throw new BrokenPromiseException($"rows are\n{rows}\nand should be\n{expectedRows}");
        }
    }

    private static MetricFamily ParseDelimited(byte[] body)
    {
        using var stream = new MemoryStream(body);
        return MetricFamily.Parser.ParseDelimitedFrom(stream);
    }

    private static bool TryParse(List<byte[]> messages, out List<MetricFamily> families)
    {
        families = [];
        foreach (var message in messages)
        {
            try
            {
                var family = MetricFamily.Parser.ParseFrom(message);
                var type = (uint)family.Type < UnknownType ? family.Type : (OracleType)UnknownType;
                var kept = new MetricFamily { Name = family.Name, Type = type, Metric = { family.Metric } };
                if (family.HasHelp)
                {
                    kept.Help = family.Help;
                }

                foreach (var metric in kept.Metric)
                {
                    var labels = metric.Label.Select(label => new OracleLabel { Name = label.Name, Value = label.Value }).ToList();
                    metric.Label.Clear();
                    metric.Label.Add(labels);
                }

                families.Add(kept);
            }
            catch (InvalidProtocolBufferException)
            {
                return false;
            }
        }

        return true;
    }
}
