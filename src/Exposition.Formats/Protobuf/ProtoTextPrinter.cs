using System.Buffers;
using System.Globalization;
using System.Text;
using Exposition.Formats.Numbers;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Protobuf;

// Grammar: field = name ":" ( scalar | [" "] "{" fields "}" ). Several lines: two blanks of indent per level, a blank behind the colon.
// One line: fields separated by a blank. Unknown fields are printed with their number, groups of them with their contents.

/// <summary>Prints protobuf messages as text, by the field table.</summary>
internal ref struct ProtoTextPrinter(bool compact, IBufferWriter<byte> output)
{
    private readonly bool _compact = compact;
    private OutputCursor _cursor = new(output);
    private int _depth;
    private bool _first = true;

    /// <summary>Ends the family: an empty line, or the end of the line.</summary>
    public void Finish()
    {
        _cursor.Write((byte)'\n');
        _cursor.Flush();
    }

    public void PrintText(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> text)
    {
        Begin(name);
        Quote(text);
        End();
    }

    /// <summary>Prints a field that needs no quotes; nothing if there is no word.</summary>
    public void PrintWord(ReadOnlySpan<byte> name, ReadOnlySpan<byte> word)
    {
        if (!word.IsEmpty)
        {
            Begin(name);
            _cursor.Write(word);
            End();
        }
    }

    /// <summary>Prints a field that is a well-formed message, and the fields in it in their order.</summary>
    public void PrintMessage(ReadOnlySpan<byte> name, ProtoMessage type, ReadOnlySpan<byte> message)
    {
        Open(name, group: false);
        var reader = new ProtoReader(message);
        while (reader.TryReadTag(out uint tag))
        {
            if (ProtoSchema.TryGetField(type, tag, out ProtoField? field))
            {
                PrintField(field, tag, message, ref reader);
            }
            else
            {
                PrintUnknown(tag, message, ref reader);
            }
        }

        Close();
    }

    private void PrintField(ProtoField field, uint tag, ReadOnlySpan<byte> message, ref ProtoReader reader)
    {
        ReadOnlySpan<byte> name = Encoding.ASCII.GetBytes(field.Name);
        if (field.IsNumber && !ProtoSchema.IsPacked(field, tag))
        {
            PrintNumber(name, field.Kind, ref reader);
            return;
        }

        reader.TryReadBytes(out TextRef range);
        ReadOnlySpan<byte> bytes = message.Slice(range.Start, range.Length);
        if (field.Kind == ProtoKind.Message)
        {
            PrintMessage(name, field.Child, bytes);
        }
        else if (field.Kind == ProtoKind.Text)
        {
            PrintText(name, bytes);
        }
        else
        {
            var packed = new ProtoReader(bytes);
            while (!packed.AtEnd)
            {
                PrintNumber(name, field.Kind, ref packed);
            }
        }
    }

    private void PrintNumber(ReadOnlySpan<byte> name, ProtoKind kind, ref ProtoReader reader)
    {
        Begin(name);
        if (kind == ProtoKind.Double)
        {
            reader.TryReadDouble(out double value);
            Number(value);
        }
        else
        {
            reader.TryReadVarint(out ulong value);
            Integer(kind switch
            {
                ProtoKind.UInt64 => value,
                ProtoKind.UInt32 => (uint)value,
                ProtoKind.Int64 => (long)value,
                ProtoKind.Int32 => (int)value,
                ProtoKind.SInt32 => (int)ProtoReader.ZigZag((uint)value),
                _ => ProtoReader.ZigZag(value),
            });
        }

        End();
    }

    // Groups have been skipped once by the reader, so their depth is bounded here, too.
    private void PrintUnknown(uint tag, ReadOnlySpan<byte> message, ref ProtoReader reader)
    {
        Span<byte> name = stackalloc byte[10];
        (tag >> 3).TryFormat(name, out int length, default, CultureInfo.InvariantCulture);
        name = name[..length];
        int start = reader.Position;
        switch ((WireType)(tag & 7))
        {
            case WireType.Varint:
                Begin(name);
                reader.TryReadVarint(out ulong value);
                Integer(value);
                End();
                break;
            case WireType.Fixed64 or WireType.Fixed32:
                Begin(name);
                reader.TrySkip(tag);
                ReadOnlySpan<byte> bytes = message[start..reader.Position];
                _cursor.Write("0x"u8);
                for (int i = bytes.Length - 1; i >= 0; i--)
                {
                    Hex(bytes[i]);
                }

                End();
                break;
            case WireType.Bytes:
                reader.TryReadBytes(out TextRef range);
                PrintText(name, message.Slice(range.Start, range.Length));
                break;
            case WireType.StartGroup:
                Open(name, group: true);
                while (reader.TryReadTag(out uint inner) && (WireType)(inner & 7) != WireType.EndGroup)
                {
                    PrintUnknown(inner, message, ref reader);
                }

                Close();
                break;
            default:
                break;
        }
    }

    private void Begin(scoped ReadOnlySpan<byte> name)
    {
        StartField();
        _cursor.Write(name);
        _cursor.Write(_compact ? ":"u8 : ": "u8);
    }

    private void StartField()
    {
        if (_compact)
        {
            if (!_first)
            {
                _cursor.Write((byte)' ');
            }

            _first = false;
            return;
        }

        for (int i = 0; i < _depth; i++)
        {
            _cursor.Write("  "u8);
        }
    }

    private void End()
    {
        if (!_compact)
        {
            _cursor.Write((byte)'\n');
        }
    }

    private void Open(scoped ReadOnlySpan<byte> name, bool group)
    {
        StartField();
        _cursor.Write(name);
        _cursor.Write(group ? default : ":"u8);
        _cursor.Write(_compact ? "{"u8 : " {\n"u8);
        _depth++;
        _first = true;
    }

    private void Close()
    {
        _depth--;
        if (!_compact)
        {
            StartField();
        }

        _first = false;
        _cursor.Write((byte)'}');
        End();
    }

    private void Integer(Int128 value)
    {
        const int LongestInteger = 20;
        value.TryFormat(_cursor.Reserve(LongestInteger), out int length, default, CultureInfo.InvariantCulture);
        _cursor.Advance(length);
    }

    private void Number(double value)
    {
        if (!double.IsFinite(value))
        {
            _cursor.Write(double.IsNaN(value) ? "nan"u8 : value > 0 ? "inf"u8 : "-inf"u8);
            return;
        }

        if (value == 0 && double.IsNegative(value))
        {
            _cursor.Write((byte)'-');
        }

        _cursor.Advance(NumberFormatter.Format(value, _cursor.Reserve(NumberFormatter.MaxLength)));
    }

    private void Quote(scoped ReadOnlySpan<byte> text)
    {
        _cursor.Write((byte)'"');
        while (!text.IsEmpty)
        {
            bool valid = Rune.DecodeFromUtf8(text, out _, out int length) == OperationStatus.Done;
            length = valid ? length : 1;
            ReadOnlySpan<byte> escape = text[0] switch
            {
                (byte)'"' => "\\\""u8,
                (byte)'\\' => "\\\\"u8,
                (byte)'\n' => "\\n"u8,
                (byte)'\r' => "\\r"u8,
                (byte)'\t' => "\\t"u8,
                _ => default,
            };
            if (!escape.IsEmpty)
            {
                _cursor.Write(escape);
            }
            else if (!valid || text[0] is < 0x20 or 0x7F)
            {
                _cursor.Write("\\x"u8);
                Hex(text[0]);
            }
            else
            {
                _cursor.Write(text[..length]);
            }

            text = text[length..];
        }

        _cursor.Write((byte)'"');
    }

    private void Hex(byte value)
    {
        value.TryFormat(_cursor.Reserve(2), out _, "x2", CultureInfo.InvariantCulture);
        _cursor.Advance(2);
    }
}
