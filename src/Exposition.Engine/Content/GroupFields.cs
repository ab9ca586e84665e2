using System.Text;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Content;

// What else is kept of a group, at the end of its content:
//   field    := tag:varint (1 or more)  length:varint  bytes
//   deadline := tag 1: nanoseconds:8 (0 = never). Only one that the push itself has set.
//   failure  := tag 2: nanoseconds:8  text(reason)  [text(sender)]
// Tags 3 to 5, and 7, are of MemoryFields.
//   place    := tag 6: alone:1 (0 or 1) replacedAt:8 nanoseconds (0 = never) [height:8, if it is not 0].
//               Only of a group that is, or was, in the log of several nodes.
// Tags that a program does not know it passes over, so a row of a later version can be read; a tag is never given another meaning.

/// <summary>Writes and reads the fields of a group.</summary>
internal static class GroupFields
{
    private const int Deadline = 1;
    private const int Failure = 2;
    private const int Place = 6;

    /// <summary>An upper bound of what <see cref="Write"/> needs.</summary>
    public static long MaxSize(in GroupToWrite group)
    {
        const int Fixed = (4 * ContentWriter.MaxVarint) + sizeof(long);
        return MemoryFields.MaxSize(group.Memory) + (2 * Fixed)
            + (group.LastFailure is { } failure ? Fixed + (3L * failure.Reason.Length) + (3L * (failure.Sender?.Length ?? 0)) : 0);
    }

    public static void Write(in GroupToWrite group, ref ContentWriter writer)
    {
        if (group.ExpiresAt is { } expiresAt)
        {
            writer.Varint(Deadline);
            writer.Varint(sizeof(long));
            writer.Int64(expiresAt);
        }

        if (group.LastFailure is { } failure)
        {
            byte[] reason = Encoding.UTF8.GetBytes(failure.Reason);
            byte[]? sender = failure.Sender is null ? null : Encoding.UTF8.GetBytes(failure.Sender);
            byte[] field = new byte[sizeof(long) + (2 * ContentWriter.MaxVarint) + reason.Length + (sender?.Length ?? 0)];
            var inner = new ContentWriter(field);
            inner.Int64(failure.At);
            inner.Text(reason);
            if (sender is not null)
            {
                inner.Text(sender);
            }

            writer.Varint(Failure);
            writer.Text(field.AsSpan(0, inner.Position));
        }

        if (group.Memory.Place is { } place)
        {
            writer.Varint(Place);
            writer.Varint(1 + ((place.Height > 0 ? 2 : 1) * sizeof(long)));
            writer.Byte(place.IsAlone ? (byte)1 : (byte)0);
            writer.Int64(place.ReplacedAt);
            if (place.Height > 0)
            {
                writer.Int64(place.Height);
            }
        }

        MemoryFields.Write(group.Memory, ref writer);
    }

    /// <summary>Reads all fields up to the end.</summary>
    /// <returns>False if they are not in order.</returns>
    public static bool TryRead(ref ContentReader reader, ref GroupState state)
    {
        while (!reader.AtEnd)
        {
            if (!reader.TryVarint(out int tag) || tag == 0 || !reader.TryText(out ReadOnlyMemory<byte> bytes))
            {
                return false;
            }

            var field = new ContentReader(bytes.ToArray(), bytes.Length);
            switch (tag)
            {
                case Deadline:
                    if (!field.TryInt64(out long expiresAt) || expiresAt < 0)
                    {
                        return false;
                    }

                    state = state with { ExpiresAt = expiresAt };
                    break;
                case Place:
                    if (!field.TryByte(out byte alone) || !field.TryInt64(out long replacedAt))
                    {
                        return false;
                    }

                    _ = field.TryInt64(out long height);
                    state = state with { Place = new LogPlace(0, replacedAt, alone != 0, height) };
                    break;
                case MemoryFields.Mode or MemoryFields.Ids or MemoryFields.Source or MemoryFields.Chunk:
                    if (!MemoryFields.TryRead(tag, ref field, ref state))
                    {
                        return false;
                    }

                    break;
                case Failure:
                    if (!field.TryInt64(out long at) || !field.TryText(out ReadOnlyMemory<byte> reason))
                    {
                        return false;
                    }

                    string? sender = field.TryText(out ReadOnlyMemory<byte> from) ? Encoding.UTF8.GetString(from.Span) : null;
                    state = state with { LastFailure = new PushFailure(at, Encoding.UTF8.GetString(reason.Span), sender) };
                    break;
            }
        }

        return true;
    }
}
