using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Exposition.Formats.Meters;

/// <summary>
/// What one instrument brings to its family: the tags that it and its meter always have, and which tags have led to which series, so that
/// measurements of tags that are known allocate nothing.
/// </summary>
internal sealed class InstrumentSeat
{
    // Tags may come in several orders.
    private const int OrdersKept = 4;

    private readonly MeasuredFamily _family;
    private readonly KeyValuePair<string, object?>[] _always;
    private readonly int _mostKnown;
    private ConcurrentDictionary<TagSet, MeterSeries> _known = Nothing();
    private int _era;

    public InstrumentSeat(MeasuredFamily family, Instrument instrument, int maxSeries)
    {
        _family = family;
        _always = [.. instrument.Meter.Tags ?? [], .. instrument.Tags ?? []];
        _mostKnown = (int)Math.Min(int.MaxValue, (long)maxSeries * OrdersKept);
    }

    /// <summary>Takes a measurement; false if its value is none that the instrument can have.</summary>
    public bool Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!_family.Takes(value))
        {
            return false;
        }

        if (_family.Kind.IsObservable && _era != _family.Era)
        {
            (_known, _era) = (Nothing(), _family.Era);
        }

        bool isPlain = TagSet.IsPlain(tags);
        MeterSeries? series = null;
        if (!isPlain || !_known.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>().TryGetValue(tags, out series))
        {
            series = _family.Find(SeriesLabels.Of(_always, tags, _family.Kind == InstrumentKind.Histogram), out bool isOverflow);
            if (isPlain && !isOverflow && _known.Count < _mostKnown)
            {
                _known[TagSetComparer.Instance.Create(tags)] = series;
            }
        }

        _family.Record(series, value);
        return true;
    }

    private static ConcurrentDictionary<TagSet, MeterSeries> Nothing() => new(TagSetComparer.Instance);
}
