using Exposition.Formats.Names;
using Exposition.Formats.Rows;

namespace Exposition.Formats.OpenMetrics;

// A counter x_total is the family x; its samples are x_total and x_created. As in the Pushgateway the whole name is escaped before "_total"
// is cut off. Two schemes double the underscore of an escaped name, so what is left of it ends in one.

/// <summary>Writes a family's name and the names of its samples.</summary>
internal readonly ref struct OpenMetricsNames
{
    private readonly ReadOnlySpan<byte> _stem;
    private readonly ReadOnlySpan<byte> _familySuffix;
    private readonly WrittenName _written;

    // The name is that of the model. In the forms that are unknown a suffix belongs to the family's name.
    public OpenMetricsNames(ReadOnlySpan<byte> name, MetricType type, OpenMetricsForm form, EscapingScheme scheme)
    {
        int cut = type == MetricType.Counter && form == OpenMetricsForm.Typed && IsCounter(name) ? "_total"u8.Length : 0;
        _stem = name[..^cut];
        _written = new WrittenName(name, scheme, cut);
        Type = type;
        Scheme = scheme;
        _familySuffix = form switch
        {
            OpenMetricsForm.Values when type is MetricType.Histogram or MetricType.GaugeHistogram => "_bucket"u8,
            OpenMetricsForm.Sums => SumSuffix,
            OpenMetricsForm.Counts => CountSuffix,
            _ => default,
        };
    }

    public MetricType Type { get; }

    public EscapingScheme Scheme { get; }

    public ReadOnlySpan<byte> SumSuffix => Type == MetricType.GaugeHistogram ? "_gsum"u8 : "_sum"u8;

    public ReadOnlySpan<byte> CountSuffix => Type == MetricType.GaugeHistogram ? "_gcount"u8 : "_count"u8;

    /// <summary>Whether a name is that of a counter in OpenMetrics.</summary>
    public static bool IsCounter(ReadOnlySpan<byte> name) => name.Length > "_total"u8.Length && name.EndsWith("_total"u8);

    /// <summary>Whether the family's name, as it is written, ends in the unit.</summary>
    public bool HasUnit(ReadOnlySpan<byte> unit) => !unit.IsEmpty && !unit.Contains((byte)'\n') && OpenMetricsReader.IsUnitOf(_stem, unit)
        && (!_written.IsEscaped
            || (!_written.IsDoubled && !unit.Contains((byte)'_') && NameRules.IsValidLabelName(unit, NameScheme.Legacy)));

    public void WriteFamily(ref OutputCursor cursor) => _written.Write(_familySuffix, ref cursor);

    public byte WriteSample(scoped ReadOnlySpan<byte> suffix, ref OutputCursor cursor) => _written.WriteSample(suffix, ref cursor);

    /// <summary>Writes a label's name. A colon is legacy for metrics, and so left alone by the escaping, but not for labels.</summary>
    public void WriteLabelName(scoped ReadOnlySpan<byte> name, ref OutputCursor cursor)
    {
        if (NameRules.IsValidLabelName(name, NameScheme.Legacy))
        {
            cursor.Write(name);
        }
        else if (Scheme == EscapingScheme.AllowUtf8)
        {
            cursor.Write((byte)'"');
            TextFormat.WriteQuoted(name, ref cursor);
            cursor.Write((byte)'"');
        }
        else
        {
            // Piece by piece between the colons.
            for (int at = name.IndexOf((byte)':'); at >= 0; at = name.IndexOf((byte)':'))
            {
                Escaping.Write(name[..at], Scheme, ref cursor);
                cursor.Write((byte)'_');
                name = name[(at + 1)..];
            }

            Escaping.Write(name, Scheme, ref cursor);
        }
    }
}
