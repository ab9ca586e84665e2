using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine.Consistency;

// The lines of a stored family are in order of their series (see SeriesOrder), so a series is found among them as in a sorted array, though
// the lines are of any length: from a place in the text to the start of the line there. Only lines that are compared are read. Series that
// are looked for in order go on from where the last search ended, by steps that double, so looking for all of a family costs no more than
// to read it a few times.

/// <summary>Looks for series among those of stored families. Not safe for concurrent use.</summary>
internal sealed class SeriesSearch
{
    private const int FirstStep = 256;
    private const byte LineEnd = (byte)'\n';

    private readonly FamilySet _line = new();

    /// <summary>Whether an entry has a series.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="set">Holds the series, labels merged and sorted.</param>
    /// <param name="metric">Index of the series.</param>
    /// <param name="from">Where to begin: 0, or where the search for a series that is less has ended. Receives where this has.</param>
    public bool Contains(in FamilyEntry entry, FamilySet set, int metric, ref int from)
    {
        ReadOnlySpan<byte> text = entry.TextSpan;
        int low = from;
        int high = low;

        // All lines before the low end are less. The high end is a line that is not, or the end of the text.
        long step = FirstStep;
        while (high < text.Length && Compare(entry, high, set, metric) < 0)
        {
            low = EndOf(text, high);
            high = low == text.Length ? low : StartOf(text, low, (int)Math.Min(low + step, text.Length - 1));
            step *= 2;
        }

        while (low < high)
        {
            int middle = StartOf(text, low, low + ((high - low) / 2));
            if (Compare(entry, middle, set, metric) < 0)
            {
                low = EndOf(text, middle);
            }
            else
            {
                high = middle;
            }
        }

        from = low;
        return low < text.Length && Compare(entry, low, set, metric) == 0;
    }

    /// <summary>Forgets what was read last.</summary>
    public void Reset() => _line.Reset();

    private static int StartOf(ReadOnlySpan<byte> text, int low, int at) => low + text[low..at].LastIndexOf(LineEnd) + 1;

    private static int EndOf(ReadOnlySpan<byte> text, int start) => start + text[start..].IndexOf(LineEnd) + 1;

    // The series of a line against another. The line is read as an untyped sample of its own name: its bound or quantile is its last label
    // then.
    private int Compare(in FamilyEntry entry, int start, FamilySet set, int metric)
    {
        ReadOnlySpan<byte> text = entry.TextSpan;
        _line.Reset(entry.Text[start..EndOf(text, start)]);
        int family = _line.AddFamily(NameOf(entry, text[start..]), MetricType.Untyped);
        if (!TextFormat.TryReadSamples(family, _line, out FormatError error))
        {
            throw new InvalidOperationException($"stored line does not read back: {error}");
        }

        ref MetricRow line = ref _line.Metrics[0];
        ReadOnlySpan<byte> bound = entry.Type switch
        {
            MetricType.Summary => "quantile"u8,
            MetricType.Histogram or MetricType.GaugeHistogram => "le"u8,
            _ => default,
        };
        if (!bound.IsEmpty && line.LabelCount > 0 && _line.Text(_line.LabelsOf(0)[^1].Name).SequenceEqual(bound))
        {
            line.LabelCount--;
        }

        return SeriesOrder.CompareLabels(_line, 0, set, metric);
    }

    // The name of the sample, which may have an ending behind that of the family.
    private TextRef NameOf(in FamilyEntry entry, ReadOnlySpan<byte> line)
    {
        if (line[0] != (byte)'{')
        {
            return _line.AddText(line[..line.IndexOfAny((byte)'{', (byte)' ')]);
        }

        ReadOnlySpan<byte> name = entry.Name.Span;
        ReadOnlySpan<byte> ending = line[(2 + name.Length + name.Count((byte)'"') + name.Count((byte)'\\') + name.Count(LineEnd))..];
        return ending.IndexOf((byte)'"') is var length and > 0 ? _line.AddText([.. name, .. ending[..length]]) : _line.AddText(name);
    }
}
