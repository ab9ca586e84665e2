using System.Buffers;
using Exposition.Formats;
using Exposition.Store.Internal;

namespace Exposition.Store;

// First collect: a point in time, and for every family the entries that make it up, in order of the groups' keys. Then send: pieces are
// copied as they lie; only entries with names outside the legacy charset (under an escaping scheme) and formats other than text are
// rendered, one entry at a time. No entry can fail the scrape: what does not fit its family is left out when the plan is made.

/// <summary>
/// Writes everything that is stored at one point in time. Collecting is done in the constructor and does no I/O; writing is cut into
/// steps so that the caller can flush between them. Not safe for concurrent use.
/// </summary>
public sealed class Scrape : IDisposable
{
    private readonly StoreView _view;
    private readonly List<ScrapeFamily> _families;
    private readonly ScrapeFormat _format;
    private readonly EscapingScheme _escaping;
    private readonly BlockWriter _header = new();
    private readonly BlockWriter _rendered = new();
    private readonly FamilySet _set = new();
    private ReadOnlyMemory<byte> _pending;
    private ReadOnlyMemory<byte> _afterPending;
    private int _family;
    private int _piece = -1;
    private bool _ended;

    /// <summary>Collects what there is to write.</summary>
    /// <param name="store">The store.</param>
    /// <param name="own">The host's own families, merged in by name and ahead of the pushed ones; null if there are none. Not used after the return.</param>
    /// <param name="format">The language.</param>
    /// <param name="escaping">What happens to names outside the legacy charset.</param>
    public Scrape(MetricStore store, FamilySet? own, ScrapeFormat format, EscapingScheme escaping)
    {
        ArgumentNullException.ThrowIfNull(store);
        _format = format;
        _escaping = escaping;
        _view = store.OpenView();
        _families = ScrapePlan.Make(_view, own is null ? [] : OwnFamilies.Render(own));
        Length = format == ScrapeFormat.Text ? TextLength() : null;
    }

    /// <summary>The exact number of bytes that will be written, where that is known beforehand.</summary>
    public long? Length { get; }

    /// <summary>Writes at least <paramref name="stepBytes"/> bytes, or what is left.</summary>
    /// <returns>False when all is written.</returns>
    public bool WriteNext(IBufferWriter<byte> output, int stepBytes)
    {
        ArgumentNullException.ThrowIfNull(output);
        int written = 0;
        while (written < stepBytes)
        {
            if (_pending.IsEmpty && !Produce())
            {
                return false;
            }

            Span<byte> span = output.GetSpan(Math.Min(_pending.Length, stepBytes - written));
            int count = Math.Min(span.Length, _pending.Length);
            _pending.Span[..count].CopyTo(span);
            output.Advance(count);
            written += count;
            _pending = _pending[count..];
        }

        return true;
    }

    /// <summary>Closes the view.</summary>
    public void Dispose() => _view.Dispose();

    private bool Produce()
    {
        if (!_afterPending.IsEmpty)
        {
            (_pending, _afterPending) = (_afterPending, default);
            return true;
        }

        while (_family < _families.Count)
        {
            ScrapeFamily family = _families[_family];
            if (_format != ScrapeFormat.Text)
            {
                _family++;
                Produce(family);
                return true;
            }

            if (++_piece > family.Entries.Count)
            {
                _family++;
                _piece = -1;
                continue;
            }

            _pending = _piece == 0 ? TextHeader(family) : TextPiece(family.Entries[_piece - 1]);
            if (!_pending.IsEmpty)
            {
                return true;
            }
        }

        if (_ended || !IsOpenMetrics)
        {
            return false;
        }

        _ended = true;
        _rendered.Clear();
        OpenMetricsFormat.WriteEnd(_rendered);
        _pending = _rendered.WrittenMemory;
        return true;
    }

    private bool IsOpenMetrics => _format is ScrapeFormat.OpenMetrics or ScrapeFormat.OpenMetricsDraft;

    private void Produce(ScrapeFamily family)
    {
        if (IsOpenMetrics)
        {
            ProduceOpenMetrics(family);
        }
        else
        {
            ProduceProtobuf(family);
        }
    }

    private ReadOnlyMemory<byte> TextHeader(ScrapeFamily family)
    {
        _header.Clear();
        TextFormat.WriteHeader(family.Name.Span, family.Type, family.HasHelp, family.Help.Span, _escaping, _header);
        return _header.WrittenMemory;
    }

    private ReadOnlyMemory<byte> TextPiece(in FamilyEntry entry)
    {
        if ((entry.Traits & FamilyTraits.EscapedNames) == 0 || _escaping == EscapingScheme.AllowUtf8)
        {
            return entry.Text;
        }

        entry.Read(_set);
        _rendered.Clear();
        TextFormat.WriteSamples(_set, 0, _escaping, _rendered);
        return _rendered.WrittenMemory;
    }

    // A family that OpenMetrics does not allow under its type, also because of a clash with another family's name, goes out as unknown.
    private void ProduceOpenMetrics(ScrapeFamily family)
    {
        bool isCounter = family.Type == MetricType.Counter && family.Name.Span.EndsWith("_total"u8);
        ReadOnlySpan<byte> stem = isCounter ? family.Name.Span[..^"_total"u8.Length] : family.Name.Span;
        bool withCreated = !HasFamily(stem, "_created"u8);
        if ((!isCounter || (withCreated && !HasFamily(stem, default))) && TryRender(family, OpenMetricsForm.Typed, withCreated, restart: true))
        {
            return;
        }

        for (int i = 0; i < OpenMetricsFormat.FormCount(family.Type); i++)
        {
            TryRender(family, OpenMetricsForm.Values + (byte)i, withCreated: false, restart: i == 0);
        }
    }

    private bool TryRender(ScrapeFamily family, OpenMetricsForm form, bool withCreated, bool restart)
    {
        if (restart)
        {
            _rendered.Clear();
        }

        OpenMetricsFormat.WriteHeader(family.Name.Span, family.Type, family.HasHelp, family.Help.Span, family.Unit.Span, form, _escaping, _rendered);
        foreach (FamilyEntry entry in family.Entries)
        {
            entry.Read(_set);
            _set.Families[0].Type = family.Type;
            if (form == OpenMetricsForm.Typed && !OpenMetricsFormat.Fits(_set, 0))
            {
                return false;
            }

            OpenMetricsFormat.WriteSamples(_set, 0, form, withCreated, _escaping, _rendered);
        }

        _pending = _rendered.WrittenMemory;
        return true;
    }

    private bool HasFamily(ReadOnlySpan<byte> stem, ReadOnlySpan<byte> suffix)
    {
        _header.Clear();
        _header.Write(stem);
        _header.Write(suffix);
        (int low, int high) = (0, _families.Count - 1);
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = _families[middle].Name.Span.SequenceCompareTo(_header.Written);
            if (order == 0)
            {
                return true;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return false;
    }

    private void ProduceProtobuf(ScrapeFamily family)
    {
        _header.Clear();
        _rendered.Clear();
        foreach (FamilyEntry entry in family.Entries)
        {
            if (!entry.Sidecar.IsEmpty && (entry.Traits & FamilyTraits.EscapedNames) == 0)
            {
                _rendered.Write(entry.Sidecar.Span);
                continue;
            }

            entry.Read(_set);
            ProtobufFormat.WriteMetrics(_set, 0, _escaping, _rendered);
        }

        if (_format == ScrapeFormat.ProtobufDelimited)
        {
            ProtobufFormat.WriteHeader(family.Name.Span, family.Type, family.HasHelp, family.Help.Span, family.Unit.Span, _escaping, _rendered.Count, _header);
            _afterPending = _rendered.WrittenMemory;
        }
        else
        {
            ProtobufFormat.WriteText(
                family.Name.Span, family.Type, family.HasHelp, family.Help.Span, family.Unit.Span, _rendered.Written, _escaping, _format == ScrapeFormat.ProtobufCompactText, _header);
        }

        _pending = _header.WrittenMemory;
    }

    private long? TextLength()
    {
        long length = 0;
        foreach (ScrapeFamily family in _families)
        {
            length += TextHeader(family).Length;
            foreach (FamilyEntry entry in family.Entries)
            {
                if ((entry.Traits & FamilyTraits.EscapedNames) != 0 && _escaping != EscapingScheme.AllowUtf8)
                {
                    return null;
                }

                length += entry.Text.Length;
            }
        }

        return length;
    }
}
