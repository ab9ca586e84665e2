using System.Text;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Names;

// Rules (prometheus/common, model.EscapeName; the code, where its documentation differs):
//   underscores  every invalid character -> "_"
//   dots         "_" -> "__", "." -> "_dot_", any other invalid character -> "__"
//   values       "U__", then "_" -> "__", valid characters as they are, any other -> "_" lower-case hex "_"
// A digit is invalid only as the first byte. A byte that is not UTF-8 counts as U+FFFD, one byte at a time.
// Only names outside the legacy metric charset are escaped at all (model.EscapeMetricFamily); the empty name stays empty.

/// <summary>Escapes one name piece by piece, so that a name of any length needs no buffer of its own.</summary>
internal ref struct Escaping
{
    /// <summary>A byte that is not UTF-8 becomes <c>_fffd_</c>.</summary>
    public const int MaxBytesPerByte = 6;

    /// <summary>Room that one piece fits in.</summary>
    public const int MaxPiece = 8;

    private readonly EscapingScheme _scheme;
    private ReadOnlySpan<byte> _rest;
    private State _state;

    public Escaping(ReadOnlySpan<byte> name, EscapingScheme scheme)
    {
        _rest = name;
        _scheme = scheme;
        _state = scheme == EscapingScheme.Values ? State.Prefix : State.First;
    }

    private enum State : byte
    {
        Prefix,
        First,
        Later,
    }

    /// <summary>What names escaped with the scheme <c>values</c> start with.</summary>
    public static ReadOnlySpan<byte> ValuesPrefix => "U__"u8;

    /// <summary>Whether a name must be changed before it is written.</summary>
    public static bool IsNeeded(ReadOnlySpan<byte> name, EscapingScheme scheme) =>
        scheme != EscapingScheme.AllowUtf8 && !name.IsEmpty && !NameRules.IsLegacy(name);

    /// <summary>Length of a name as it will be written.</summary>
    public static long LengthOf(ReadOnlySpan<byte> name, EscapingScheme scheme)
    {
        if (!IsNeeded(name, scheme))
        {
            return name.Length;
        }

        Span<byte> piece = stackalloc byte[MaxPiece];
        var escaper = new Escaping(name, scheme);
        long length = 0;
        while (escaper.TryNext(piece, out int size))
        {
            length += size;
        }

        return length;
    }

    /// <summary>Writes a name, escaped if it must be.</summary>
    public static void Write(scoped ReadOnlySpan<byte> name, EscapingScheme scheme, ref OutputCursor output)
    {
        if (!IsNeeded(name, scheme))
        {
            output.Write(name);
            return;
        }

        var escaper = new Escaping(name, scheme);
        while (escaper.TryNext(output.Reserve(MaxPiece), out int size))
        {
            output.Advance(size);
        }
    }

    /// <summary>Whether the value of a label is a metric name, which is escaped like one.</summary>
    public static bool IsMetricName(ReadOnlySpan<byte> labelName) => labelName.SequenceEqual("__name__"u8);

    /// <summary>Writes the next piece (the prefix, or one character) of a name that <see cref="IsNeeded">needs</see> it.</summary>
    /// <param name="into">Room for the piece: <see cref="MaxPiece"/>, or what is left of <see cref="NameRules.MaxEscapedLength"/>.</param>
    /// <param name="size">Number of bytes written.</param>
    /// <returns>False at the end of the name.</returns>
    public bool TryNext(scoped Span<byte> into, out int size)
    {
        if (_rest.IsEmpty)
        {
            size = 0;
            return false;
        }

        if (_state == State.Prefix)
        {
            _state = State.First;
            size = Put(ValuesPrefix, into);
            return true;
        }

        bool first = _state == State.First;
        _state = State.Later;
        byte head = _rest[0];
        bool valid = head == (byte)'_' || head == (byte)':' || char.IsAsciiLetter((char)head) || (char.IsAsciiDigit((char)head) && !first);
        if (Rune.DecodeFromUtf8(_rest, out Rune rune, out int length) != System.Buffers.OperationStatus.Done)
        {
            (rune, length) = (Rune.ReplacementChar, 1);
        }

        _rest = _rest[length..];
        switch (_scheme)
        {
            case EscapingScheme.Underscores:
                into[0] = valid ? head : (byte)'_';
                size = 1;
                break;
            case EscapingScheme.Dots when head == (byte)'.':
                size = Put("_dot_"u8, into);
                break;
            case EscapingScheme.Dots or EscapingScheme.Values when head == (byte)'_':
            case EscapingScheme.Dots when !valid:
                size = Put("__"u8, into);
                break;
            case EscapingScheme.Values when !valid:
                into[0] = (byte)'_';
                rune.Value.TryFormat(into[1..], out int digits, "x", null);
                into[digits + 1] = (byte)'_';
                size = digits + 2;
                break;
            default:
                into[0] = head;
                size = 1;
                break;
        }

        return true;
    }

    private static int Put(scoped ReadOnlySpan<byte> text, scoped Span<byte> into)
    {
        text.CopyTo(into);
        return text.Length;
    }
}
