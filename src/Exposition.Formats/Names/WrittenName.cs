using System.Diagnostics;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Names;

/// <summary>A metric's name as it goes into a text: as it is, escaped, or quoted, by its letters and the scheme.</summary>
[DebuggerDisplay("{System.Text.Encoding.UTF8.GetString(_stem),nq}")]
internal readonly ref struct WrittenName
{
    private readonly ReadOnlySpan<byte> _stem;
    private readonly EscapingScheme _scheme;
    private readonly bool _quoted;

    /// <summary>A name of which so many bytes of the end, from an underscore on, are left out after it has been escaped.</summary>
    public WrittenName(ReadOnlySpan<byte> name, EscapingScheme scheme, int cut = 0)
    {
        _stem = name[..^cut];
        _scheme = scheme;
        bool isLegacy = NameRules.IsLegacy(name);
        IsEscaped = !isLegacy && !name.IsEmpty && scheme != EscapingScheme.AllowUtf8;
        _quoted = !isLegacy && !IsEscaped;
        IsDoubled = cut > 0 && IsEscaped && scheme is EscapingScheme.Dots or EscapingScheme.Values;
    }

    public bool IsEscaped { get; }

    /// <summary>Whether the cut leaves the first half of an underscore that the scheme has doubled.</summary>
    public bool IsDoubled { get; }

    public bool IsPlain => !IsEscaped && !_quoted;

    /// <summary>Writes the name with a suffix of legacy characters, quoted if it must be.</summary>
    public void Write(scoped ReadOnlySpan<byte> suffix, ref OutputCursor cursor)
    {
        if (_quoted)
        {
            cursor.Write((byte)'"');
            TextFormat.WriteQuoted(_stem, ref cursor);
            cursor.Write(suffix);
            cursor.Write((byte)'"');
            return;
        }

        if (IsEscaped)
        {
            Escaping.Write(_stem, _scheme, ref cursor);
            cursor.Write(IsDoubled ? "_"u8 : default);
        }
        else
        {
            cursor.Write(_stem);
        }

        cursor.Write(suffix);
    }

    /// <summary>Writes the name at the start of a sample line, where a quoted one stands among the labels.</summary>
    /// <returns>What stands before the first label: a comma if the braces are open already.</returns>
    public byte WriteSample(scoped ReadOnlySpan<byte> suffix, ref OutputCursor cursor)
    {
        if (_quoted)
        {
            cursor.Write((byte)'{');
        }

        Write(suffix, ref cursor);
        return _quoted ? (byte)',' : (byte)'{';
    }
}
