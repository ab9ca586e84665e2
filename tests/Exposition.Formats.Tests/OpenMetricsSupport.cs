using System.Buffers;
using System.Text;

namespace Exposition.Formats.Tests;

/// <summary>What the OpenMetrics tests share.</summary>
internal static class OpenMetricsSupport
{
    /// <summary>Reads a body that must be good; <c># EOF</c> is added to it.</summary>
    public static FamilySet Read(string body, NameScheme names = NameScheme.Legacy)
    {
        var set = new FamilySet();
        bool read = OpenMetricsFormat.TryRead(
            Encoding.UTF8.GetBytes(body.Replace("\r\n", "\n", StringComparison.Ordinal) + "# EOF\n"), names, set, out FormatError error);
        Assert.True(read, error.ToString());
        return set;
    }

    public static string Write(FamilySet set, EscapingScheme scheme = EscapingScheme.AllowUtf8)
    {
        var output = new ArrayBufferWriter<byte>();
        for (int family = 0; family < set.Families.Length; family++)
        {
            OpenMetricsFormat.Write(set, family, scheme, output);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>The families as Google's runtime sees them.</summary>
    public static List<Oracle.MetricFamily> ToProtobuf(FamilySet set)
    {
        List<Oracle.MetricFamily> families = ProtobufSupport.ParseDelimited(ProtobufSupport.WriteProtobuf(set));
        for (int i = 0; i < families.Count; i++)
        {
            if (!set.Families[i].Unit.IsEmpty)
            {
                families[i].Unit = Encoding.UTF8.GetString(set.Text(set.Families[i].Unit));
            }
        }

        return families;
    }
}
