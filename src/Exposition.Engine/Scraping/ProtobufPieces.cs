using System.Buffers;
using Exposition.Engine.Memory;
using Exposition.Formats;

namespace Exposition.Engine.Scraping;

// The length of a delimited family stands before it. So its metrics are rendered and counted first; as many bytes of them as are worth
// keeping are kept, and what comes behind those is rendered a second time when its turn comes. So what is held is bounded, whatever the
// family's size.

/// <summary>A scrape in protobuf, delimited or in one of its text forms.</summary>
internal sealed class ProtobufPieces(ScrapePlan plan) : PieceSource
{
    private readonly BlockWriter _header = new();
    private readonly BlockWriter _kept = new();
    private readonly BlockWriter _rest = new();
    private readonly FamilySet _set = new();
    private ScrapeFormat _format;
    private EscapingScheme _escaping;
    private State _state;
    private int _family;
    private int _piece;
    private int _keptPieces;
    private long _metricBytes;

    private enum State : byte
    {
        Counting,
        Kept,
        Rest,
    }

    /// <summary>Most bytes of a family that are kept.</summary>
    public int KeptMost { get; set; } = 2 << 20;

    /// <summary>Goes to the start.</summary>
    public void Begin(ScrapeFormat format, EscapingScheme escaping)
    {
        (_format, _escaping, _family) = (format, escaping, 0);
        BeginFamily();
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        base.Reset();
        _set.Reset();
        _header.Clear();
        _kept.Clear();
        _rest.Clear();
    }

    protected override bool TryNext(out ReadOnlyMemory<byte> piece)
    {
        piece = default;
        if (_family == plan.Families.Length)
        {
            return false;
        }

        ScrapeFamily family = plan.Families[_family];
        switch (_state)
        {
            case State.Counting when _piece < family.Parts.Length:
                Count(family.Parts[_piece++]);
                break;
            case State.Counting:
                _header.Clear();
                WriteFamily(family);
                piece = _header.WrittenMemory;
                _state = State.Kept;
                break;
            case State.Kept:
                piece = _format == ScrapeFormat.ProtobufDelimited ? _kept.WrittenMemory : default;
                _piece = _keptPieces;
                _state = State.Rest;
                break;
            case State.Rest when _piece < family.Parts.Length:
                _rest.Clear();
                Render(family.Parts[_piece++], _rest);
                piece = _rest.WrittenMemory;
                break;
            default:
                _family++;
                BeginFamily();
                break;
        }

        return true;
    }

    private void BeginFamily()
    {
        _kept.Clear();
        (_state, _piece, _keptPieces, _metricBytes) = (State.Counting, 0, 0, 0);
    }

    // The text forms are for human eyes and have no length to be known, but a family of them is printed as a whole.
    private void Count(in ScrapePiece piece)
    {
        bool keep = _keptPieces == _piece - 1 && (_kept.Count < KeptMost || _format != ScrapeFormat.ProtobufDelimited);
        BlockWriter into = keep ? _kept : _rest;
        int before = keep ? _kept.Count : 0;
        if (!keep)
        {
            _rest.Clear();
        }

        Render(piece, into);
        _keptPieces += keep ? 1 : 0;
        _metricBytes += into.Count - before;
    }

    private void Render(in ScrapePiece piece, BlockWriter into)
    {
        ref readonly FamilyEntry entry = ref plan.EntryOf(piece);
        if (!entry.Sidecar.IsEmpty && !piece.HasEscapedNames)
        {
            into.Write(entry.Sidecar.Span);
            return;
        }

        entry.Read(_set);
        ProtobufFormat.WriteMetrics(_set, 0, _escaping, into);
    }

    private void WriteFamily(ScrapeFamily family)
    {
        if (_format == ScrapeFormat.ProtobufDelimited)
        {
            ProtobufFormat.WriteHeader(
                family.Name, family.Type, family.HasHelp, family.Help, family.Unit.Span, _escaping, _metricBytes, _header);
        }
        else
        {
            ProtobufFormat.WriteText(
                family.Name, family.Type, family.HasHelp, family.Help, family.Unit.Span, _kept.Written, _escaping,
                    _format == ScrapeFormat.ProtobufCompactText, _header);
        }
    }
}
