using Exposition.Formats.Go;
using Exposition.Formats.OpenMetrics;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Writing;

// A reader finds the family of a sample by its name, so families may not share the names of samples: a histogram x has x_count, and so
// there is no gauge x_count. OpenMetrics has names of its own, and counts the name of a family in.

/// <summary>The names of the families of an exposition and of their samples. Each belongs to one family.</summary>
internal sealed class NameClaims(bool openMetrics)
{
    private const int MostNames = 5;

    private readonly FamilySet _texts = new();
    private readonly NameSet _names = new();

    public void Clear()
    {
        _texts.Reset();
        _names.Clear();
    }

    /// <summary>Takes the names of a family.</summary>
    /// <param name="name">The family's name as it will be written.</param>
    /// <param name="type">Its type.</param>
    /// <exception cref="InvalidOperationException">An earlier family has one of them; none is taken.</exception>
    public void Take(ReadOnlySpan<byte> name, MetricType type)
    {
        int start = _texts.Scratch.Count;
        Span<TextRef> names = stackalloc TextRef[MostNames];
        int count = openMetrics ? OpenMetricsNamesOf(name, type, names) : NamesOf(name, type, names);
        foreach (TextRef taken in names[..count])
        {
            if (_names.Contains(_texts, _texts.Text(taken)))
            {
                string clash = GoQuote.Text(_texts.Text(taken));
                _texts.Scratch.Truncate(start);
                throw new InvalidOperationException(GoQuote.Text(name) == clash
                    ? $"There is a family or sample named {clash} already: write all samples of a family behind one StartFamily."
                    : $"The family {GoQuote.Text(name)} has samples named {clash}, but there is an earlier family or sample of that name.");
            }
        }

        foreach (TextRef taken in names[..count])
        {
            _names.TryAdd(_texts, taken);
        }
    }

    private int NamesOf(ReadOnlySpan<byte> name, MetricType type, Span<TextRef> into)
    {
        int count = Add(name, default, into, 0);
        if (type is MetricType.Histogram or MetricType.GaugeHistogram)
        {
            count = Add(name, "_bucket"u8, into, count);
        }

        return type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram
            ? Add(name, "_sum"u8, into, Add(name, "_count"u8, into, count))
            : count;
    }

    // The name of the family apart, which some types have no sample of.
    private int OpenMetricsNamesOf(ReadOnlySpan<byte> name, MetricType type, Span<TextRef> into)
    {
        ReadOnlySpan<byte> stem = type == MetricType.Counter && OpenMetricsNames.IsCounter(name) ? name[..^"_total".Length] : name;
        OpenMetricsType written = OpenMetricsTypes.TypeOf(type);
        int count = Add(stem, default, into, 0);
        for (int i = 0; i < OpenMetricsTypes.SuffixCount(written); i++)
        {
            ReadOnlySpan<byte> suffix = OpenMetricsTypes.Suffix(written, OpenMetricsTypes.PartAt(written, i));
            count = suffix.IsEmpty ? count : Add(stem, suffix, into, count);
        }

        return count;
    }

    private int Add(ReadOnlySpan<byte> stem, ReadOnlySpan<byte> suffix, Span<TextRef> into, int count)
    {
        TextRef text = _texts.AddText(stem);
        _ = _texts.AddText(suffix);
        into[count] = text with { Length = stem.Length + suffix.Length };
        return count + 1;
    }
}
