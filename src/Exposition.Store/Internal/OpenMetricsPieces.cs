using System.Buffers;
using Exposition.Formats;

namespace Exposition.Store.Internal;

// Order: families by name; of each its forms (one under its own type, or up to three as unknown), of each form the header and then the entries.
// A piece is one entry, so what is held is never more than the largest entry. The price is that the entries of summaries and histograms are
// decoded twice: whether all of them are allowed under the family's type must be known before the first byte of it is sent.

/// <summary>Renders a scrape's families in OpenMetrics, piece by piece.</summary>
internal sealed class OpenMetricsPieces(List<ScrapeFamily> families, EscapingScheme escaping)
{
    private const int Header = -1;

    private readonly BlockWriter _piece = new();
    private readonly FamilySet _set = new();
    private int _family = -1;
    private int _entry;
    private OpenMetricsForm _form;
    private OpenMetricsForm _lastForm;
    private bool _withCreated;
    private bool _ended;

    /// <summary>The next piece, valid until the next call; empty at the end.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        _piece.Clear();
        while (_piece.Count == 0 && !_ended)
        {
            if (_family >= 0 && _entry < families[_family].Entries.Count)
            {
                Write(families[_family]);
                _entry++;
            }
            else if (_family >= 0 && _form < _lastForm)
            {
                _form++;
                _entry = Header;
            }
            else if (++_family < families.Count)
            {
                Begin(families[_family]);
                _entry = Header;
            }
            else
            {
                OpenMetricsFormat.WriteEnd(_piece);
                _ended = true;
            }
        }

        return _piece.WrittenMemory;
    }

    private void Write(ScrapeFamily family)
    {
        if (_entry == Header)
        {
            OpenMetricsFormat.WriteHeader(family.Name.Span, family.Type, family.HasHelp, family.Help.Span, family.Unit.Span, _form, escaping, _piece);
            return;
        }

        Read(family, family.Entries[_entry]);
        OpenMetricsFormat.WriteSamples(_set, 0, _form, _withCreated, escaping, _piece);
    }

    // Histograms and gauge histograms may meet in one family.
    private void Read(ScrapeFamily family, in FamilyEntry entry)
    {
        entry.Read(_set);
        _set.Families[0].Type = family.Type;
    }

    // As unknown goes out what OpenMetrics does not allow under the family's type, or what would clash with another family's names there.
    private void Begin(ScrapeFamily family)
    {
        ReadOnlySpan<byte> name = family.Name.Span;
        bool isCounter = family.Type == MetricType.Counter;
        ReadOnlySpan<byte> stem = isCounter && name.EndsWith("_total"u8) ? name[..^"_total"u8.Length] : name;
        _withCreated = !Contains(stem, "_created"u8);
        bool clashes = isCounter && (stem.Length == name.Length || stem.IsEmpty || !_withCreated || Contains(stem, default));
        if (!clashes && AllFit(family))
        {
            (_form, _lastForm) = (OpenMetricsForm.Typed, OpenMetricsForm.Typed);
        }
        else
        {
            _form = OpenMetricsForm.Values;
            _lastForm = _form + (byte)(OpenMetricsFormat.FormCount(family.Type) - 1);
        }
    }

    private bool AllFit(ScrapeFamily family)
    {
        if (family.Type is MetricType.Gauge or MetricType.Untyped)
        {
            return true;
        }

        foreach (FamilyEntry entry in family.Entries)
        {
            // A counter fits if it is a number that is not negative; mostly there is nothing in its text that could be another.
            ReadOnlySpan<byte> text = entry.Text.Span;
            if (family.Type == MetricType.Counter && text.IndexOf(" -"u8) < 0 && text.IndexOf(" NaN"u8) < 0)
            {
                continue;
            }

            Read(family, entry);
            if (!OpenMetricsFormat.Fits(_set, 0))
            {
                return false;
            }
        }

        return true;
    }

    private bool Contains(ReadOnlySpan<byte> stem, ReadOnlySpan<byte> suffix)
    {
        _piece.Clear();
        _piece.Write(stem);
        _piece.Write(suffix);
        (int low, int high) = (0, families.Count - 1);
        int order = -1;
        while (low <= high && order != 0)
        {
            int middle = (low + high) >>> 1;
            order = families[middle].Name.Span.SequenceCompareTo(_piece.Written);
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        _piece.Clear();
        return order == 0;
    }
}
