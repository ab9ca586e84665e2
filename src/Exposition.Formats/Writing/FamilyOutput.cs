using System.Buffers;

namespace Exposition.Formats.Writing;

/// <summary>Writes the family of a set in one of the formats. What it needs for that it keeps.</summary>
internal sealed class FamilyOutput(ScrapeFormat format, EscapingScheme scheme)
{
    private readonly ArrayBufferWriter<byte> _metrics = new();
    private bool _hasHeader;

    /// <summary>Whether a family can be written in parts: of the others, length or form depends on all of it.</summary>
    public bool TakesParts => format == ScrapeFormat.Text;

    /// <summary>Whether there are lines for exemplars, created times or native buckets.</summary>
    public bool HasExtras => format != ScrapeFormat.Text;

    public bool IsOpenMetrics => format is ScrapeFormat.OpenMetrics or ScrapeFormat.OpenMetricsDraft;

    public string ContentType { get; } = System.Text.Encoding.ASCII.GetString(FormatNegotiator.ContentType(format, scheme));

    /// <summary>Writes a part of a family that has not been written.</summary>
    /// <param name="set">The rows.</param>
    /// <param name="family">Index of the family.</param>
    /// <param name="isLast">Whether no other part follows.</param>
    /// <param name="output">Where it goes.</param>
    public void Write(FamilySet set, int family, bool isLast, IBufferWriter<byte> output)
    {
        FamilyRow row = set.Families[family];
        if (row.MetricCount > 0)
        {
            WriteRows(set, family, in row, output);
            _hasHeader = true;
        }

        _hasHeader &= !isLast;
    }

    /// <summary>Begins another exposition.</summary>
    public void Restart() => _hasHeader = false;

    /// <summary>Writes what every exposition of the format ends with.</summary>
    public void WriteEnd(IBufferWriter<byte> output)
    {
        if (IsOpenMetrics)
        {
            OpenMetricsFormat.WriteEnd(output);
        }
    }

    private void WriteRows(FamilySet set, int family, in FamilyRow row, IBufferWriter<byte> output)
    {
        switch (format)
        {
            case ScrapeFormat.OpenMetrics or ScrapeFormat.OpenMetricsDraft:
                OpenMetricsFormat.Write(set, family, scheme, output);
                break;
            case ScrapeFormat.ProtobufDelimited:
                _metrics.ResetWrittenCount();
                ProtobufFormat.WriteMetrics(set, family, scheme, _metrics);
                ProtobufFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), set.Text(row.Unit), scheme,
                    _metrics.WrittenCount, output);
                output.Write(_metrics.WrittenSpan);
                break;
            case ScrapeFormat.ProtobufText or ScrapeFormat.ProtobufCompactText:
                ProtobufFormat.WriteText(set, family, scheme, format == ScrapeFormat.ProtobufCompactText, output);
                break;
            default:
                if (!_hasHeader)
                {
                    TextFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), scheme, output);
                }

                TextFormat.WriteSamples(set, family, scheme, output);
                break;
        }
    }
}
