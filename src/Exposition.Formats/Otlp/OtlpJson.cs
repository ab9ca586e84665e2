using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Exposition.Formats.Protobuf;

namespace Exposition.Formats.Otlp;

// JSON = ProtoJSON with the differences of OTLP: identifiers of traces and spans are hexadecimal, enumerations are numbers, names of fields
// are in lower camel case only, and fields that are not known are stepped over. 64-bit numbers may be strings, null is no field.
// One reader of metrics is enough: this one only turns the request into protobuf.

/// <summary>Turns a request in JSON into one in protobuf.</summary>
internal ref struct OtlpJson
{
    // Each value in another takes five levels of JSON at most, and a point lies below eighteen.
    private const int MostLevels = 18 + (5 * OtlpCheck.MostNested);

    private static readonly string[] s_temporalities =
        ["AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA", "AGGREGATION_TEMPORALITY_CUMULATIVE"];

    private readonly OtlpOutput _output;
    private Utf8JsonReader _json;

    private OtlpJson(ReadOnlySpan<byte> json, OtlpOutput output)
    {
        _json = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MostLevels });
        _output = output;
    }

    /// <summary>Reads all of it.</summary>
    /// <param name="json">The request.</param>
    /// <param name="most">How many bytes of protobuf it may become.</param>
    /// <exception cref="OtlpException">It is malformed, or becomes more.</exception>
    public static ReadOnlyMemory<byte> ToProtobuf(ReadOnlySpan<byte> json, long most)
    {
        var output = new OtlpOutput(most);
        var reader = new OtlpJson(json.StartsWith("\uFEFF"u8) ? json[3..] : json, output);
        try
        {
            reader._json.Read();
            reader.Message(OtlpSchema.Request);
            if (reader._json.Read())
            {
                throw reader.Unexpected("the request", "its end");
            }
        }
        catch (JsonException e)
        {
            int end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            throw new OtlpException($"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: malformed JSON: "
                + (end < 0 ? e.Message : e.Message[..end]));
        }
        catch (InvalidOperationException)
        {
            // So the reader says that a string is no Unicode.
            throw new OtlpException($"at byte {reader._json.TokenStartIndex}: a string of the JSON is not Unicode");
        }

        return output.Memory;
    }

    private void Message(OtlpMessage message)
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            throw Unexpected(message.Name, "an object");
        }

        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            OtlpField? field = null;
            foreach (OtlpField known in message.Fields)
            {
                if (_json.ValueTextEquals(known.Utf8))
                {
                    field = known;
                    break;
                }
            }

            _json.Read();
            if (field is null)
            {
                _json.Skip();
            }
            else if (_json.TokenType != JsonTokenType.Null)
            {
                Field(field);
            }
        }
    }

    private void Field(OtlpField field)
    {
        if (!field.IsList)
        {
            One(field);
            return;
        }

        if (_json.TokenType != JsonTokenType.StartArray)
        {
            throw Unexpected(field.Name, "an array");
        }

        bool packs = OtlpKinds.WireOf(field.Kind) != WireType.Bytes;
        int start = 0;
        if (packs)
        {
            _output.Tag(field.Number, WireType.Bytes);
            start = _output.Begin();
        }

        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (packs)
            {
                Number(field);
            }
            else
            {
                One(field);
            }
        }

        if (packs)
        {
            _output.End(start);
        }
    }

    private void One(OtlpField field)
    {
        WireType wire = OtlpKinds.WireOf(field.Kind);
        _output.Tag(field.Number, wire);
        if (wire != WireType.Bytes)
        {
            Number(field);
            return;
        }

        int start = _output.Begin();
        if (field.Of is { } message)
        {
            Message(message);
        }
        else if (_json.TokenType != JsonTokenType.String)
        {
            throw Unexpected(field.Name, "a string");
        }
        else
        {
            Text(field);
        }

        _output.End(start);
    }

    private readonly void Text(OtlpField field)
    {
        // What is written has at most as many bytes as there are in the string, escapes included.
        int room = _json.ValueSpan.Length;
        Span<byte> into = _output.Room(room);
        int length = _json.CopyString(into);
        bool isRight = true;
        if (field.Kind == OtlpKind.Bytes)
        {
            isRight = Base64.DecodeFromUtf8InPlace(into[..length], out length) == OperationStatus.Done;
        }
        else if (field.Kind == OtlpKind.Id)
        {
            Span<byte> id = stackalloc byte[16];
            isRight = length % 2 == 0 && length / 2 <= id.Length
                && Convert.FromHexString(into[..length], id, out _, out int written) == OperationStatus.Done
                && id[..written].TryCopyTo(into);
            length /= 2;
        }

        if (!isRight)
        {
            throw Unexpected(field.Name, field.Kind == OtlpKind.Bytes ? "base64" : "at most 32 hexadecimal digits");
        }

        _output.Keep(room, length);
    }

    private readonly void Number(OtlpField field)
    {
        switch (field.Kind)
        {
            case OtlpKind.Bool:
                _output.Varint(_json.TokenType is JsonTokenType.True ? 1u
                    : _json.TokenType is JsonTokenType.False ? 0u : throw Unexpected(field.Name, "true or false"));
                break;
            case OtlpKind.Double:
                _output.Fixed(BitConverter.DoubleToUInt64Bits(Double(field)));
                break;
            case OtlpKind.Unsigned:
                _output.Varint(Unsigned(field));
                break;
            case OtlpKind.Fixed:
                _output.Fixed(Unsigned(field));
                break;
            case OtlpKind.Temporality when _json.TokenType == JsonTokenType.String:
                int named = Array.IndexOf(s_temporalities, _json.GetString());
                _output.Varint(named >= 0 ? (uint)named : throw Unexpected(field.Name, "1 (delta) or 2 (cumulative)"));
                break;
            case OtlpKind.SignedFixed:
                _output.Fixed((ulong)Signed(field));
                break;
            case OtlpKind.ZigZag:
                _output.Varint(ProtoWriter.ZigZag(Signed(field)));
                break;
            default:
                _output.Varint((ulong)Signed(field));
                break;
        }
    }

    private readonly long Signed(OtlpField field) =>
        _json.TokenType is JsonTokenType.Number && _json.TryGetInt64(out long number) ? number
            : _json.TokenType is JsonTokenType.String
                && long.TryParse(_json.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) ? number
            : throw Unexpected(field.Name, "a whole number of 64 bits");

    private readonly ulong Unsigned(OtlpField field) =>
        _json.TokenType is JsonTokenType.Number && _json.TryGetUInt64(out ulong number) ? number
            : _json.TokenType is JsonTokenType.String
                && ulong.TryParse(_json.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out number) ? number
            : throw Unexpected(field.Name, "a whole number of 64 bits that is not negative");

    private readonly double Double(OtlpField field)
    {
        if (_json.TokenType is JsonTokenType.Number && _json.TryGetDouble(out double number))
        {
            return number;
        }

        string? text = _json.TokenType is JsonTokenType.String ? _json.GetString() : null;
        return text switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            not null when double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture, out number) && double.IsFinite(number) => number,
            _ => throw Unexpected(field.Name, "a number"),
        };
    }

    private readonly OtlpException Unexpected(string what, string expected) =>
        new($"at byte {_json.TokenStartIndex}: {what} is {Shown(_json.TokenType)}, expected {expected}");

    private static string Shown(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "another string",
        JsonTokenType.Number => "another number",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        JsonTokenType.Null => "null",
        _ => "something else",
    };
}
