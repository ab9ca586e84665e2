using System.Buffers;
using System.IO.Compression;
using System.Text;
using Google.Protobuf;

namespace Exposition.Formats.Tests;

/// <summary>What the protobuf and writer tests share: bodies, sets and vectors.</summary>
internal static class ProtobufSupport
{
    public static byte[] Delimited(params IEnumerable<Oracle.MetricFamily> families)
    {
        using var stream = new MemoryStream();
        foreach (Oracle.MetricFamily family in families)
        {
            family.WriteDelimitedTo(stream);
        }

        return stream.ToArray();
    }

    public static List<Oracle.MetricFamily> ParseDelimited(byte[] body)
    {
        using var stream = new MemoryStream(body);
        var families = new List<Oracle.MetricFamily>();
        while (stream.Position < stream.Length)
        {
            families.Add(Oracle.MetricFamily.Parser.ParseDelimitedFrom(stream));
        }

        return families;
    }

    /// <summary>Reads a body that must be good. It starts inside a larger array, as pooled memory does.</summary>
    public static FamilySet Read(byte[] body)
    {
        byte[] larger = [0xAA, 0xAA, 0xAA, .. body, 0xAA, 0xAA];
        var set = new FamilySet();
        Assert.True(ProtobufFormat.TryRead(larger.AsMemory(3, body.Length), set, out FormatError error), error.ToString());
        return set;
    }

    public static byte[] WriteProtobuf(FamilySet set, EscapingScheme scheme = EscapingScheme.AllowUtf8)
    {
        var all = new ArrayBufferWriter<byte>();
        for (int family = 0; family < set.Families.Length; family++)
        {
            var metrics = new ArrayBufferWriter<byte>();
            ProtobufFormat.WriteMetrics(set, family, scheme, metrics);
            ref readonly FamilyRow row = ref set.Families[family];
            ProtobufFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), scheme, metrics.WrittenCount, all);
            all.Write(metrics.WrittenSpan);
        }

        return all.WrittenSpan.ToArray();
    }

    public static string WriteText(FamilySet set, EscapingScheme scheme = EscapingScheme.AllowUtf8)
    {
        var all = new ArrayBufferWriter<byte>();
        for (int family = 0; family < set.Families.Length; family++)
        {
            ref readonly FamilyRow row = ref set.Families[family];
            TextFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), scheme, all);
            TextFormat.WriteSamples(set, family, scheme, all);
        }

        return Encoding.Latin1.GetString(all.WrittenSpan);
    }

    /// <summary>Makes every metric look as if it came from text.</summary>
    public static void ForgetRaw(FamilySet set)
    {
        foreach (ref MetricRow metric in set.Metrics)
        {
            metric.Raw = default;
        }
    }

    public static IEnumerable<string> VectorLines(string name)
    {
        using Stream resource = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Vectors", name));
        using Stream content = name.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(resource, CompressionMode.Decompress)
            : resource;
        using var reader = new StreamReader(content);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
