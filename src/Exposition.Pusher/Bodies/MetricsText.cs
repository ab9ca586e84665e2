using System.Buffers;
using System.Text;
using Exposition.Formats;
using Exposition.Formats.Writing;

namespace Exposition.Pusher.Bodies;

/// <summary>What sources have now, in text format 0.0.4.</summary>
internal static class MetricsText
{
    /// <summary>Of one source, whose failure is the caller's.</summary>
    public static PushBody Of(IMetricSource source, EscapingScheme scheme)
    {
        var set = new FamilySet();
        source.Collect(set);
        var output = new ArrayBufferWriter<byte>();
        var written = new FamilyOutput(ScrapeFormat.Text, scheme);
        for (int family = 0; family < set.Families.Length; family++)
        {
            written.Write(set, family, isLast: true, output);
        }

        return new PushBody(output.WrittenMemory, PushBody.Text);
    }

    /// <summary>
    /// Of several. One that throws is left out, and so are families of a name that another source has given before; both are told.
    /// </summary>
    public static PushBody Of(IEnumerable<IMetricSource> sources, EscapingScheme scheme, Action<string, Exception?> leftOut)
    {
        var set = new FamilySet();
        var output = new ArrayBufferWriter<byte>();
        var written = new FamilyOutput(ScrapeFormat.Text, scheme);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (IMetricSource source in sources)
        {
            set.Reset();
            try
            {
                source.Collect(set);
            }
            catch (Exception e)
            {
                leftOut($"the source {source.GetType()} has failed, and its metrics are left out", e);
                continue;
            }

            for (int family = 0; family < set.Families.Length; family++)
            {
                string name = NameOf(set, family, scheme);
                if (names.Add(name))
                {
                    written.Write(set, family, isLast: true, output);
                }
                else
                {
                    leftOut($"the family {name} of the source {source.GetType()} is left out, as there is one of that name already", null);
                }
            }
        }

        return new PushBody(output.WrittenMemory, PushBody.Text);
    }

    private static string NameOf(FamilySet set, int family, EscapingScheme scheme)
    {
        ReadOnlySpan<byte> name = set.Text(set.Families[family].Name);
        byte[] written = new byte[NameRules.MaxEscapedLength(name.Length)];
        return Encoding.UTF8.GetString(written.AsSpan(0, NameRules.Escape(name, scheme, written)));
    }
}
