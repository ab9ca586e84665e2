using System.Text;
using FsCheck;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

/// <summary>Reader and writer against each other, over families and bodies made at random.</summary>
public sealed class OpenMetricsPropertyTests
{
    [Property(MaxTest = 3000)]
    public void What_was_written_is_read_as_the_model_was(DoNotSize<int> seed)
    {
        List<Oracle.MetricFamily> families = new OpenMetricsGenerator(seed.Item).Families();
        string text = OpenMetricsSupport.Write(ProtobufSupport.Read(ProtobufSupport.Delimited(families)));
        FamilySet read = OpenMetricsSupport.Read(text, NameScheme.Utf8);
        Assert.Equal(families, OpenMetricsSupport.ToProtobuf(read));
        Assert.Equal(text, OpenMetricsSupport.Write(read));
    }

    // Whatever somebody has pushed in protobuf: OpenMetrics of it never breaks a strict scraper.
    [Property(MaxTest = 3000)]
    public void Odd_families_are_written_so_that_a_strict_reader_takes_them(DoNotSize<int> seed)
    {
        FamilySet set = ProtobufSupport.Read(ProtobufSupport.Delimited(new ProtobufGenerator(seed.Item).Families()));
        for (int family = 0; family < set.Families.Length; family++)
        {
            foreach (EscapingScheme scheme in Enum.GetValues<EscapingScheme>())
            {
                if (IsWritable(set, family, scheme))
                {
                    var output = new System.Buffers.ArrayBufferWriter<byte>();
                    OpenMetricsFormat.Write(set, family, scheme, output);
                    string text = Encoding.UTF8.GetString(output.WrittenSpan);
                    NameScheme names = scheme == EscapingScheme.AllowUtf8 ? NameScheme.Utf8 : NameScheme.Legacy;
                    string again = OpenMetricsSupport.Write(OpenMetricsSupport.Read(text, names));
                    Assert.Equal(again, OpenMetricsSupport.Write(OpenMetricsSupport.Read(again, names)));
                }
            }
        }
    }

    [Property(MaxTest = 3000)]
    public void Random_bodies_are_written_stably(DoNotSize<int> seed)
    {
        string body = new OpenMetricsGenerator(seed.Item).Body();
        var set = new FamilySet();
        if (OpenMetricsFormat.TryRead(Encoding.UTF8.GetBytes(body), NameScheme.Utf8, set, out _))
        {
            string first = OpenMetricsSupport.Write(set);
            Assert.Equal(first, OpenMetricsSupport.Write(OpenMetricsSupport.Read(first, NameScheme.Utf8)));
        }
    }

    [Fact]
    public void Random_bodies_are_good_and_bad()
    {
        int good = Enumerable.Range(0, 1000).Count(seed =>
            OpenMetricsFormat.TryRead(
                Encoding.UTF8.GetBytes(new OpenMetricsGenerator(seed).Body()), NameScheme.Utf8, new FamilySet(), out _));
        Assert.InRange(good, 200, 800);
    }

    // What the store demands before it keeps a family, and that escaping makes no two names or label sets one, nor a name a reserved one.
    private static bool IsWritable(FamilySet set, int family, EscapingScheme scheme)
    {
        FamilyRow row = set.Families[family];
        var series = new HashSet<string>();
        bool good = row is { MetricCount: > 0, Name.IsEmpty: false };
        for (int metric = row.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            var names = new HashSet<string>();
            var text = new StringBuilder();
            foreach (ref LabelRow label in set.LabelsOf(metric))
            {
                byte[] escaped = new byte[NameRules.MaxEscapedLength(label.Name.Length)];
                string name = Encoding.UTF8.GetString(escaped, 0, NameRules.Escape(set.Text(label.Name), scheme, escaped))
                    .Replace(':', '_');
                good &= name.Length > 0 && names.Add(name) && !name.StartsWith("__", StringComparison.Ordinal)
                    && name is not ("le" or "quantile");
                text.Append(name).Append('=').Append(Encoding.UTF8.GetString(set.Text(label.Value))).Append(';');
            }

            good &= series.Add(string.Join(';', text.ToString().Split(';').Order(StringComparer.Ordinal)));
        }

        return good;
    }
}
