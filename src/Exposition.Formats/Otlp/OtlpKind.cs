using Exposition.Formats.Protobuf;

namespace Exposition.Formats.Otlp;

/// <summary>What a field of a message holds.</summary>
internal enum OtlpKind : byte
{
    /// <summary>UTF-8.</summary>
    Text,

    /// <summary>Bytes: base64 in JSON.</summary>
    Bytes,

    /// <summary>The identifier of a trace or span: hexadecimal in JSON.</summary>
    Id,

    /// <summary>A varint of 0 or 1.</summary>
    Bool,

    /// <summary>A varint without a sign.</summary>
    Unsigned,

    /// <summary>A varint in two's complement.</summary>
    Signed,

    /// <summary>A varint with the sign in its lowest bit.</summary>
    ZigZag,

    /// <summary>How points are counted, as a varint; a number or a name in JSON.</summary>
    Temporality,

    /// <summary>Eight bytes without a sign.</summary>
    Fixed,

    /// <summary>Eight bytes in two's complement.</summary>
    SignedFixed,

    /// <summary>A double.</summary>
    Double,

    /// <summary>A message.</summary>
    Message,
}

/// <summary>Facts about kinds.</summary>
internal static class OtlpKinds
{
    /// <summary>How one value lies on the wire.</summary>
    public static WireType WireOf(OtlpKind kind) => kind switch
    {
        OtlpKind.Text or OtlpKind.Bytes or OtlpKind.Id or OtlpKind.Message => WireType.Bytes,
        OtlpKind.Fixed or OtlpKind.SignedFixed or OtlpKind.Double => WireType.Fixed64,
        _ => WireType.Varint,
    };
}
