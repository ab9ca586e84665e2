using System.Text.Unicode;
using Exposition.Formats.Protobuf;

namespace Exposition.Formats.Otlp;

// Whatever reads a request behind this check may take for granted that it is well formed: no reader of a field has to look again.

/// <summary>Checks a request in protobuf, once and to its end, before anything of it is used.</summary>
internal ref struct OtlpCheck
{
    /// <summary>How deep values may lie in each other.</summary>
    public const int MostNested = 32;

    private readonly ReadOnlySpan<byte> _body;
    private readonly long _mostPoints;

    private OtlpCheck(ReadOnlySpan<byte> body, long mostPoints)
    {
        _body = body;
        _mostPoints = mostPoints;
    }

    /// <summary>Data points so far.</summary>
    public long Points { get; private set; }

    /// <summary>Checks all of it.</summary>
    /// <param name="body">The request.</param>
    /// <param name="mostPoints">How many data points it may have.</param>
    /// <returns>How many it has.</returns>
    /// <exception cref="OtlpException">It is malformed, or has more.</exception>
    public static long Run(ReadOnlySpan<byte> body, long mostPoints)
    {
        var check = new OtlpCheck(body, mostPoints);
        check.Message(OtlpSchema.Request, new TextRef(0, body.Length), 0);
        return check.Points;
    }

    private void Message(OtlpMessage message, TextRef place, int nested)
    {
        if (message.IsValue && ++nested > MostNested)
        {
            throw new OtlpException($"at byte {place.Start}: values lie in each other deeper than {MostNested} times");
        }

        if (message.IsPoint && ++Points > _mostPoints)
        {
            throw TooManyPoints(_mostPoints);
        }

        var reader = new ProtoReader(_body, place.Start, place.Length);
        OtlpField? chosen = null;
        int at = place.Start;
        while (reader.TryReadTag(out uint tag))
        {
            if (message.Find(tag >> 3) is not { } field)
            {
                reader.TrySkip(tag);
            }
            else
            {
                Field(message, field, tag, at, ref reader, nested);
                if (field.IsChoice)
                {
                    chosen = chosen is null ? field : throw new OtlpException(
                        $"at byte {at}: a {message.Name} has both {chosen.Name} and {field.Name}, expected one of them, once");
                }
            }

            at = reader.IsWhole || !reader.AtEnd ? reader.Position : at;
        }

        if (!reader.IsWhole)
        {
            throw new OtlpException($"at byte {at}: malformed or cut-off field in a message {message.Name}, expected protobuf");
        }
    }

    private void Field(OtlpMessage message, OtlpField field, uint tag, int at, ref ProtoReader reader, int nested)
    {
        var wire = (WireType)(tag & 7);
        WireType expected = OtlpKinds.WireOf(field.Kind);
        if (wire == WireType.Bytes && expected != WireType.Bytes && field.IsList)
        {
            if (reader.TryReadBytes(out TextRef packed))
            {
                Packed(field, expected, packed, at);
            }
        }
        else if (wire != expected)
        {
            throw new OtlpException($"at byte {at}: {message.Name}.{field.Name} has the wire type {(int)wire}, expected {(int)expected}");
        }
        else if (wire != WireType.Bytes)
        {
            reader.TrySkip(tag);
        }
        else if (reader.TryReadBytes(out TextRef bytes))
        {
            if (field.Of is { } inner)
            {
                Message(inner, bytes, nested);
            }
            else if (field.Kind == OtlpKind.Text && !Utf8.IsValid(_body.Slice(bytes.Start, bytes.Length)))
            {
                throw new OtlpException($"at byte {at}: {message.Name}.{field.Name} is not UTF-8");
            }
        }
    }

    private readonly void Packed(OtlpField field, WireType wire, TextRef packed, int at)
    {
        var numbers = new ProtoReader(_body, packed.Start, packed.Length);
        while (!numbers.AtEnd)
        {
            numbers.TrySkip((uint)wire);
        }

        if (!numbers.IsWhole)
        {
            throw new OtlpException($"at byte {at}: the numbers of {field.Name} are malformed");
        }
    }

    /// <summary>More points than one push may have series.</summary>
    public static OtlpException TooManyPoints(long most) =>
        new($"the request has more than {most} data points (--limit.series-per-push)", OtlpBound.Points);
}
