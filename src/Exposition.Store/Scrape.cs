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
    private readonly OpenMetricsPieces? _openMetrics;
    private ReadOnlyMemory<byte> _pending;
    private ReadOnlyMemory<byte> _afterPending;
    private int _family;
    private int _piece = -1;

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
        _openMetrics = format is ScrapeFormat.OpenMetrics or ScrapeFormat.OpenMetricsDraft ? new OpenMetricsPieces(_families, escaping) : null;
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
        if (_openMetrics is not null)
        {
            _pending = _openMetrics.Next();
            return !_pending.IsEmpty;
        }

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
                ProduceProtobuf(family);
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

        return false;
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
