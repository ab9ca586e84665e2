using System.Text.Unicode;
using Exposition.Formats.Names;
using Exposition.Formats.Protobuf;

namespace Exposition.Formats.OpenMetrics;

/// <summary>An exemplar as its message says it.</summary>
internal ref struct Exemplar
{
    /// <summary>The most characters of all labels together.</summary>
    public const int MostCharacters = 128;

    public double Value;
    public UnixTime? Time;

    // Its labels are read from it.
    private ReadOnlySpan<byte> _message;

    public static Exemplar Read(ReadOnlySpan<byte> message)
    {
        var exemplar = new Exemplar { _message = message };
        var reader = new ProtoReader(message);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case ProtoTag.ExemplarValue:
                    reader.TryReadDouble(out exemplar.Value);
                    break;
                case ProtoTag.ExemplarTime:
                    exemplar.Time = UnixTime.Read(reader.Enter());
                    break;
                default:
                    reader.TrySkip(tag);
                    break;
            }
        }

        return exemplar;
    }

    /// <summary>Reads the next label, from <paramref name="at"/> on: 0 at first.</summary>
    public readonly bool TryReadLabel(ref int at, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        name = value = default;
        var reader = new ProtoReader(_message, at, _message.Length - at);
        while (reader.TryReadTag(out uint tag))
        {
            if (tag != ProtoTag.ExemplarLabel)
            {
                reader.TrySkip(tag);
                continue;
            }

            ProtoReader label = reader.Enter();
            while (label.TryReadTag(out uint field))
            {
                TextRef text = default;
                _ = (WireType)(field & 7) == WireType.Bytes ? label.TryReadBytes(out text) : label.TrySkip(field);
                name = field == ProtoTag.LabelName ? _message.Slice(text.Start, text.Length) : name;
                value = field == ProtoTag.LabelValue ? _message.Slice(text.Start, text.Length) : value;
            }

            at = reader.Position;
            return true;
        }

        return false;
    }

    /// <summary>
    /// Whether OpenMetrics allows it: nobody has checked one that came in protobuf. First its size, so that the comparison of all names is
    /// one of few.
    /// </summary>
    public readonly bool IsValid(EscapingScheme scheme)
    {
        long characters = 0;
        int at = 0;
        while (TryReadLabel(ref at, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            characters += scheme == EscapingScheme.AllowUtf8 ? OpenMetricsReader.Characters(name) : Escaping.LengthOf(name, scheme);
            characters += OpenMetricsReader.Characters(value);
            if (characters > MostCharacters || IsReserved(name, scheme) || !NameRules.IsValidLabelName(name, NameScheme.Utf8)
                || !Utf8.IsValid(value))
            {
                return false;
            }
        }

        at = 0;
        while (TryReadLabel(ref at, out ReadOnlySpan<byte> name, out _))
        {
            int later = at;
            while (TryReadLabel(ref later, out ReadOnlySpan<byte> other, out _))
            {
                if (other.SequenceEqual(name))
                {
                    return false;
                }
            }
        }

        return true;
    }

    // A name of a few characters at most. Escaping may make a name begin with two underscores.
    private static bool IsReserved(ReadOnlySpan<byte> name, EscapingScheme scheme)
    {
        if (name.StartsWith("__"u8) || !Escaping.IsNeeded(name, scheme))
        {
            return name.StartsWith("__"u8);
        }

        Span<byte> escaped = stackalloc byte[NameRules.MaxEscapedLength(name.Length)];
        return escaped[..NameRules.Escape(name, scheme, escaped)].StartsWith("__"u8);
    }
}
