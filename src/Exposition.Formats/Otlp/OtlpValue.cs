using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Exposition.Formats.Numbers;
using Exposition.Formats.Protobuf;

namespace Exposition.Formats.Otlp;

/// <summary>
/// Values of attributes as text, by the rules of OpenTelemetry: strings as they are, numbers in decimal, bytes in base64, arrays and maps
/// as JSON.
/// </summary>
internal static class OtlpValue
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text of a value; empty where there is none.</summary>
    /// <param name="body">The request.</param>
    /// <param name="value">The message of the value.</param>
    public static string TextOf(ReadOnlySpan<byte> body, TextRef value)
    {
        var reader = new ProtoReader(body, value.Start, value.Length);
        string text = "";
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag >> 3)
            {
                case 1:
                    reader.TryReadBytes(out TextRef utf8);
                    text = OtlpFields.Text(body, utf8);
                    break;
                case 2:
                    reader.TryReadVarint(out ulong flag);
                    text = flag != 0 ? "true" : "false";
                    break;
                case 3:
                    reader.TryReadVarint(out ulong number);
                    text = ((long)number).ToString(CultureInfo.InvariantCulture);
                    break;
                case 4:
                    reader.TryReadDouble(out double real);
                    text = NumberText(real);
                    break;
                case 5 or 6:
                    reader.TrySkip(tag);
                    text = JsonOf(body, value);
                    break;
                case 7:
                    reader.TryReadBytes(out TextRef bytes);
                    text = Convert.ToBase64String(body.Slice(bytes.Start, bytes.Length));
                    break;
                default:
                    reader.TrySkip(tag);
                    break;
            }
        }

        return text;
    }

    // As JavaScript writes numbers: with an exponent only where they are very large or small.
    private static string NumberText(double number)
    {
        if (!double.IsFinite(number) || number == 0)
        {
            return double.IsNaN(number) ? "NaN" : number > 0 ? "+Inf" : number < 0 ? "-Inf" : "0";
        }

        ShortestDecimal.Find(Math.Abs(number), out ulong decimals, out int exponent);
        string all = decimals.ToString(CultureInfo.InvariantCulture);
        string digits = all.TrimEnd('0');
        int point = all.Length + exponent;
        string text = point switch
        {
            > 21 or <= -6 => $"{digits[..1]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(point > 0 ? "+" : "-")}{Math.Abs(point - 1)}",
            <= 0 => "0." + new string('0', -point) + digits,
            _ when point >= digits.Length => digits.PadRight(point, '0'),
            _ => $"{digits[..point]}.{digits[point..]}",
        };
        return number < 0 ? "-" + text : text;
    }

    private static string JsonOf(ReadOnlySpan<byte> body, TextRef value)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, s_json))
        {
            Write(body, value, json);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static void Write(ReadOnlySpan<byte> body, TextRef value, Utf8JsonWriter json)
    {
        var reader = new ProtoReader(body, value.Start, value.Length);
        if (!reader.TryReadTag(out uint tag))
        {
            json.WriteNullValue();
            return;
        }

        switch (tag >> 3)
        {
            case 2 or 3:
                json.WriteRawValue(TextOf(body, value));
                break;
            case 4 when TextOf(body, value) is var text && !text.EndsWith('N') && !text.EndsWith('f'):
                json.WriteRawValue(text);
                break;
            case 5:
                reader.TryReadBytes(out TextRef array);
                json.WriteStartArray();
                foreach (TextRef item in OtlpFields.All(body, array, 1))
                {
                    Write(body, item, json);
                }

                json.WriteEndArray();
                break;
            case 6:
                reader.TryReadBytes(out TextRef map);
                json.WriteStartObject();
                var pairs = new SortedDictionary<string, TextRef>(StringComparer.Ordinal);
                foreach (TextRef pair in OtlpFields.All(body, map, 1))
                {
                    string key = OtlpFields.KeyOf(body, pair, out TextRef inner);
                    pairs[key] = inner;
                }

                foreach ((string key, TextRef inner) in pairs)
                {
                    json.WritePropertyName(key);
                    Write(body, inner, json);
                }

                json.WriteEndObject();
                break;
            default:
                json.WriteStringValue(TextOf(body, value));
                break;
        }
    }
}
