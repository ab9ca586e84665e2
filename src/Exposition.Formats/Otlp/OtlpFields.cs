using System.Text;
using Exposition.Formats.Protobuf;

namespace Exposition.Formats.Otlp;

/// <summary>Walks over messages of a request that was checked (<see cref="OtlpCheck"/>).</summary>
internal static class OtlpFields
{
    private const uint First = (1 << 3) | (uint)WireType.Bytes;
    private const uint Second = (2 << 3) | (uint)WireType.Bytes;

    /// <summary>Steps to the next field of a tag.</summary>
    /// <param name="body">The request.</param>
    /// <param name="message">The message to look in.</param>
    /// <param name="wanted">The tag; its field is one of bytes.</param>
    /// <param name="at">How far it has come; 0 at first.</param>
    /// <param name="field">Where the field is.</param>
    /// <returns>False at the end.</returns>
    public static bool TryNext(ReadOnlySpan<byte> body, TextRef message, uint wanted, ref int at, out TextRef field)
    {
        int from = Math.Max(at, message.Start);
        var reader = new ProtoReader(body, from, message.Start + message.Length - from);
        while (reader.TryReadTag(out uint tag))
        {
            if (tag == wanted)
            {
                reader.TryReadBytes(out field);
                at = reader.Position;
                return true;
            }

            reader.TrySkip(tag);
        }

        field = default;
        return false;
    }

    /// <summary>The parts of a request by resource, or of such a part by scope.</summary>
    /// <param name="body">The request.</param>
    /// <param name="message">It, or the part.</param>
    /// <param name="field">1 for resources, 2 for scopes, and for metrics of a scope.</param>
    public static List<TextRef> All(ReadOnlySpan<byte> body, TextRef message, int field)
    {
        var all = new List<TextRef>();
        int at = 0;
        while (TryNext(body, message, ((uint)field << 3) | (uint)WireType.Bytes, ref at, out TextRef one))
        {
            all.Add(one);
        }

        return all;
    }

    /// <summary>The text of a field that a message has once; empty if it has none.</summary>
    public static string TextOf(ReadOnlySpan<byte> body, TextRef message, int field)
    {
        string text = "";
        int at = 0;
        while (TryNext(body, message, ((uint)field << 3) | (uint)WireType.Bytes, ref at, out TextRef one))
        {
            text = Text(body, one);
        }

        return text;
    }

    /// <summary>An attribute's key, and where its value is.</summary>
    public static string KeyOf(ReadOnlySpan<byte> body, TextRef pair, out TextRef value)
    {
        TextRef key = default;
        value = default;
        var reader = new ProtoReader(body, pair.Start, pair.Length);
        while (reader.TryReadTag(out uint tag))
        {
            _ = tag switch
            {
                First => reader.TryReadBytes(out key),
                Second => reader.TryReadBytes(out value),
                _ => reader.TrySkip(tag),
            };
        }

        return Text(body, key);
    }

    public static string Text(ReadOnlySpan<byte> body, TextRef text) => Encoding.UTF8.GetString(body.Slice(text.Start, text.Length));
}
