using System.Buffers;
using Exposition.Engine.Memory;
using Exposition.Formats;

namespace Exposition.Engine.Scraping;

// Order: families by name; of each its forms (one under its own type, or up to three as unknown), of each form the header and then the
// entries. A piece is one entry, so what is held is never more than the largest entry. The price is that the entries of summaries and
// histograms are decoded twice: whether all of them are allowed under the family's type must be known before the first byte of it is sent.
// Each decoding is a step of its own.

/// <summary>A scrape in OpenMetrics.</summary>
internal sealed class OpenMetricsPieces(ScrapePlan plan) : PieceSource
{
    private const int Header = -1;

    private readonly BlockWriter _piece = new();
    private readonly FamilySet _set = new();
    private EscapingScheme _escaping;
    private int _family;
    private int _entry;
    private int _checked;
    private OpenMetricsForm _form;
    private OpenMetricsForm _lastForm;
    private bool _withCreated;
    private bool _checking;
    private bool _ended;

    /// <summary>Goes to the start.</summary>
    public void Begin(EscapingScheme escaping)
    {
        (_escaping, _ended) = (escaping, false);
        BeginFamily(0);
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        base.Reset();
        _set.Reset();
        _piece.Clear();
    }

    protected override bool TryNext(out ReadOnlyMemory<byte> piece)
    {
        piece = default;
        if (_ended)
        {
            return false;
        }

        _piece.Clear();
        if (_family == plan.Families.Length)
        {
            OpenMetricsFormat.WriteEnd(_piece);
            _ended = true;
        }
        else if (_checking)
        {
            Check(plan.Families[_family]);
        }
        else if (_entry < plan.Families[_family].Parts.Length)
        {
            Write(plan.Families[_family]);
            _entry++;
        }
        else if (_form < _lastForm)
        {
            _form++;
            _entry = Header;
        }
        else
        {
            BeginFamily(_family + 1);
        }

        piece = _piece.WrittenMemory;
        return true;
    }

    private void Write(ScrapeFamily family)
    {
        if (_entry == Header)
        {
            OpenMetricsFormat.WriteHeader(
                family.Name, family.Type, family.HasHelp, family.Help, family.Unit.Span, _form, _escaping, _piece);
            return;
        }

        Read(family, plan.EntryOf(family.Parts[_entry]));
        OpenMetricsFormat.WriteSamples(_set, 0, _form, _withCreated, _escaping, _piece);
    }

    // Histograms and gauge histograms may meet in one family.
    private void Read(ScrapeFamily family, in FamilyEntry entry)
    {
        entry.Read(_set);
        _set.Families[0].Type = family.Type;
    }

    private void BeginFamily(int family)
    {
        (_family, _entry, _checked, _checking) = (family, Header, 0, true);
    }

    // As unknown goes out what OpenMetrics does not allow under the family's type, or what would clash with another family's names there.
    private void Check(ScrapeFamily family)
    {
        if (_checked == 0)
        {
            ReadOnlySpan<byte> name = family.Name;
            bool isCounter = family.Type == MetricType.Counter;
            ReadOnlySpan<byte> stem = isCounter && name.EndsWith("_total"u8) ? name[..^"_total"u8.Length] : name;
            _withCreated = !Contains(stem, "_created"u8);
            if (isCounter && (stem.Length == name.Length || stem.IsEmpty || !_withCreated || Contains(stem, default)))
            {
                EndCheck(family, fits: false);
                return;
            }
        }

        if (family.Type is MetricType.Gauge or MetricType.Untyped || _checked == family.Parts.Length)
        {
            EndCheck(family, fits: true);
        }
        else if (!Fits(family, plan.EntryOf(family.Parts[_checked++])))
        {
            EndCheck(family, fits: false);
        }
    }

    private void EndCheck(ScrapeFamily family, bool fits)
    {
        _checking = false;
        _form = fits ? OpenMetricsForm.Typed : OpenMetricsForm.Values;
        _lastForm = fits ? _form : _form + (byte)(OpenMetricsFormat.FormCount(family.Type) - 1);
    }

    private bool Fits(ScrapeFamily family, in FamilyEntry entry)
    {
        // A counter fits if it is a number that is not negative; mostly there is nothing in its text that could be another.
        ReadOnlySpan<byte> text = entry.Text.Span;
        if (family.Type == MetricType.Counter && text.IndexOf(" -"u8) < 0 && text.IndexOf(" NaN"u8) < 0)
        {
            return true;
        }

        Read(family, entry);
        return OpenMetricsFormat.Fits(_set, 0);
    }

    private bool Contains(ReadOnlySpan<byte> stem, ReadOnlySpan<byte> suffix)
    {
        _piece.Clear();
        _piece.Write(stem);
        _piece.Write(suffix);
        (int low, int high) = (0, plan.Families.Length - 1);
        int order = -1;
        while (low <= high && order != 0)
        {
            int middle = (low + high) >>> 1;
            order = plan.Families[middle].Name.SequenceCompareTo(_piece.Written);
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        _piece.Clear();
        return order == 0;
    }
}
