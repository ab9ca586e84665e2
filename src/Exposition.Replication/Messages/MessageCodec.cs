using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Exposition.Engine;
using Exposition.Engine.Content;

namespace Exposition.Replication.Messages;

// The body of an entry (integers little-endian, varint = LEB128 of at most 31 bits):
//   body     := version:1 byte (1, or 2)  kind:1  flags:1  stamp:8  text(key)  content  checksum:4
//   text(x)  := length:varint  bytes
//   content  := of a state: that of GroupContent; with flag 1 length:varint, and the same packed by the compressor of the options
// Version 2 is of a state that pushes have added to, with what it remembers of them; all others are of version 1, which earlier programs
// read.
// The checksum is the CRC-32C of all before it. A program does not read a version above its own: it would lose what that says.

/// <summary>Writes and reads messages.</summary>
internal static class MessageCodec
{
    public const byte FormatVersion = 2;

    private const byte PlainVersion = 1;

    private const byte PackedFlag = 1;
    private const byte SeededFlag = 2;
    private const int FixedBytes = 3 + sizeof(long);
    private const int ChecksumBytes = sizeof(uint);
    private const int PackedFrom = 1024;
    private const int BestRatio = 1 << 16;

    /// <summary>Writes a message.</summary>
    public static ReadOnlyMemory<byte> Write(in Message message, IStateCompressor? compressor)
    {
        ReadOnlySpan<byte> content = message.Kind == MessageKind.State ? ContentOf(message.State) : default;
        byte flags = message.IsSeeded ? SeededFlag : (byte)0;
        int plain = content.Length;
        if (compressor is not null && plain >= PackedFrom && compressor.Compress(content) is var packed && packed.Length < plain)
        {
            content = packed;
            flags |= PackedFlag;
        }

        ReadOnlySpan<byte> key = message.Key is null ? default : message.Key.Bytes;
        byte[] body = new byte[FixedBytes + key.Length + (2 * ContentWriter.MaxVarint) + content.Length + ChecksumBytes];
        var writer = new ContentWriter(body);
        writer.Byte(IsPlain(message.State) ? PlainVersion : FormatVersion);
        writer.Byte((byte)message.Kind);
        writer.Byte(flags);
        writer.Int64(message.Stamp);
        writer.Text(key);
        if ((flags & PackedFlag) != 0)
        {
            writer.Varint(plain);
        }

        writer.Bytes(content);
        int length = writer.Position;
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(length), ~RowChecksum.Append(uint.MaxValue, body.AsSpan(0, length)));
        return body.AsMemory(0, length + ChecksumBytes);
    }

    /// <summary>Reads a message, checking every length.</summary>
    /// <param name="body">The bytes; the message has none of them.</param>
    /// <param name="compressor">Unpacks what is packed.</param>
    /// <param name="message">What was read.</param>
    public static MessageFault TryRead(ReadOnlySpan<byte> body, IStateCompressor? compressor, out Message message)
    {
        message = default;
        if (body.Length < 1 + ChecksumBytes)
        {
            return MessageFault.Damaged;
        }

        int length = body.Length - ChecksumBytes;
        if (BinaryPrimitives.ReadUInt32LittleEndian(body[length..]) != ~RowChecksum.Append(uint.MaxValue, body[..length]))
        {
            return MessageFault.Damaged;
        }

        if (body[0] > FormatVersion)
        {
            return MessageFault.Newer;
        }

        byte[] copy = body[..length].ToArray();
        var reader = new ContentReader(copy, length);
        _ = reader.TryByte(out _);
        if (!reader.TryByte(out byte kind) || !reader.TryByte(out byte flags) || !reader.TryInt64(out long stamp)
            || !reader.TryText(out ReadOnlyMemory<byte> keyBytes))
        {
            return MessageFault.Damaged;
        }

        bool isOfGroup = (MessageKind)kind is MessageKind.State or MessageKind.Gone;
        GroupingKey? key = null;
        if (isOfGroup && !GroupingKey.TryCreate(keyBytes.Span, out key))
        {
            return MessageFault.Damaged;
        }

        message = new Message((MessageKind)kind, stamp, key, IsSeeded: (flags & SeededFlag) != 0);
        if ((MessageKind)kind != MessageKind.State)
        {
            return isOfGroup || (MessageKind)kind is MessageKind.Meta or MessageKind.Wipe ? MessageFault.None : MessageFault.Newer;
        }

        if (!TryUnpack(ref reader, copy, (flags & PackedFlag) != 0, compressor, out byte[]? content)
            || !GroupContent.TryRead(content, out GroupState state))
        {
            return MessageFault.Damaged;
        }

        message = message with { State = state };
        return MessageFault.None;
    }

    private static bool IsPlain(in GroupState state) => state.Height == 0 && state.Memory is null && state.Ids is null;

    private static ReadOnlySpan<byte> ContentOf(in GroupState state)
    {
        var group = new GroupToWrite(state);
        byte[] content = GC.AllocateUninitializedArray<byte>(checked((int)GroupContent.MaxSize(group)));
        int length = GroupContent.Write(group, content);
        Debug.Assert(length <= content.Length, "An upper bound was given.");
        return content.AsSpan(0, length);
    }

    private static bool TryUnpack(
        ref ContentReader reader, byte[] body, bool isPacked, IStateCompressor? compressor, [NotNullWhen(true)] out byte[]? content)
    {
        content = null;
        if (!isPacked)
        {
            content = body[^reader.Left..];
            return true;
        }

        if (compressor is null || !reader.TryVarint(out int length) || length > (long)reader.Left * BestRatio)
        {
            return false;
        }

        content = compressor.TryDecompress(body.AsSpan(body.Length - reader.Left), length);
        return content is not null;
    }
}
