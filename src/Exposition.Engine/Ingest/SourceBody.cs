using System.Buffers;
using System.Text;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Formats;

namespace Exposition.Engine.Ingest;

/// <summary>Writes the families of a source as the body that a client would send of them.</summary>
internal static class SourceBody
{
    // What only protobuf can say.
    private const MetricContent NotInText = MetricContent.FloatCounts | MetricContent.NativeHistogram | MetricContent.OnlyInRaw
        | MetricContent.NoCount | MetricContent.NoSum;

    /// <summary>Writes a body: text, of which repetitions are found, where that says it all, else protobuf.</summary>
    /// <param name="set">The families.</param>
    /// <param name="output">Where it goes.</param>
    /// <returns>Its language.</returns>
    /// <exception cref="InvalidOperationException">A family is there twice, or a metric is not of its family's type: what the source means
    /// cannot be known, and the body would not show it.</exception>
    public static PushFormat Write(FamilySet set, IBufferWriter<byte> output)
    {
        PushFormat format = FormatOf(set);
        var metrics = new BlockWriter();
        for (int family = 0; family < set.Families.Length; family++)
        {
            FamilyRow row = set.Families[family];
            ReadOnlySpan<byte> name = set.Text(row.Name);
            ReadOnlySpan<byte> help = set.Text(row.Help);
            if (format == PushFormat.Text)
            {
                TextFormat.WriteHeader(name, row.Type, row.HasHelp, help, EscapingScheme.AllowUtf8, output);
                TextFormat.WriteSamples(set, family, EscapingScheme.AllowUtf8, output);
                continue;
            }

            metrics.Restart();
            ProtobufFormat.WriteMetrics(set, family, metrics);
            ProtobufFormat.WriteHeader(
                name, row.Type, row.HasHelp, help, set.Text(row.Unit), EscapingScheme.AllowUtf8, metrics.Count, output);
            output.Write(metrics.Written);
        }

        return format;
    }

    // What is wrong with a type is also for the reader of protobuf to say: text has no word for it.
    private static PushFormat FormatOf(FamilySet set)
    {
        bool saysAll = true;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (ref readonly FamilyRow family in (ReadOnlySpan<FamilyRow>)set.Families)
        {
            string name = Encoding.UTF8.GetString(set.Text(family.Name));
            if (!names.Add(name))
            {
                throw new InvalidOperationException($"the family \"{name}\" is there twice");
            }

            saysAll &= family.Unit.IsEmpty && family.Type < MetricType.GaugeHistogram;
            MetricContent kind = FamilyHead.KindOf(family.Type);
            for (int metric = family.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
            {
                MetricContent content = set.Metrics[metric].Content;
                if ((content & kind) == 0 && family.Type <= MetricType.GaugeHistogram)
                {
                    throw new InvalidOperationException(
                        $"a metric of \"{name}\" has no value of the type of its family, which is {PushRules.TypeName(family.Type)}");
                }

                saysAll &= (content & NotInText) == 0;
            }
        }

        return saysAll ? PushFormat.Text : PushFormat.Protobuf;
    }
}
