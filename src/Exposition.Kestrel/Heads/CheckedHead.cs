using System.Buffers;
using System.Globalization;
using System.Text;

namespace Exposition.Kestrel.Heads;

// It is written anew in one way only, so that Kestrel cannot frame it differently than it was judged: one Content-Length in digits, or one
// "chunked"; the target in origin form, with bytes above ASCII escaped; the Host of an absolute target. Requests of HTTP/1.0 that change
// something and have no length get one of zero, which Kestrel would ask for.

/// <summary>What HeadCheck has understood of a head, and how it is written for Kestrel.</summary>
internal ref struct CheckedHead
{
    public ReadOnlySpan<byte> Method;
    public ReadOnlySpan<byte> Target;
    public ReadOnlySpan<byte> Authority;
    public ReadOnlySpan<byte> Host;
    public bool HasHost;
    public bool IsOld;
    public bool Chunked;
    public bool Upgrade;
    public long Length;

    private static ReadOnlySpan<byte> LineEnd => "\r\n"u8;

    public static ReadOnlySpan<byte> NextLine(scoped ref ReadOnlySpan<byte> head)
    {
        int end = head.IndexOf(LineEnd);
        ReadOnlySpan<byte> line = head[..end];
        head = head[(end + 2)..];
        return line;
    }

    /// <summary>Writes the head.</summary>
    /// <param name="lines">The lines of its headers, as they came.</param>
    /// <param name="framing">How its body is framed.</param>
    /// <param name="into">Where it is written.</param>
    public readonly void Write(ReadOnlySpan<byte> lines, in BodyFraming framing, IBufferWriter<byte> into)
    {
        into.Write(Method);
        into.Write(" "u8);
        if (Target[0] == '/' && Target.IndexOf("%00"u8) >= 0)
        {
            // Kestrel refuses it in origin form alone.
            into.Write("http://"u8);
            into.Write(Host.IsEmpty ? "localhost"u8 : Host);
        }
        else if (Target[0] == '?')
        {
            into.Write("/"u8);
        }

        WriteEscaped(Target, into);
        into.Write(IsOld ? " HTTP/1.0\r\n"u8 : " HTTP/1.1\r\n"u8);
        if (HasHost)
        {
            WriteHeader("Host: "u8, Host, into);
        }

        while (NextLine(ref lines) is { IsEmpty: false } line)
        {
            ReadOnlySpan<byte> name = line[..line.IndexOf((byte)':')];
            if (!Is(name, "Host"u8) && !Is(name, "Content-Length"u8) && !Is(name, "Transfer-Encoding"u8)
                && !(framing.Last && Is(name, "Connection"u8)))
            {
                into.Write(line);
                into.Write(LineEnd);
            }
        }

        if (framing.Last)
        {
            into.Write("Connection: close\r\n"u8);
        }

        if (framing.Chunked)
        {
            into.Write("Transfer-Encoding: chunked\r\n"u8);
        }
        else if (Length >= 0 || (IsOld && (Method.SequenceEqual("PUT"u8) || Method.SequenceEqual("POST"u8))))
        {
            WriteHeader("Content-Length: "u8, Encoding.ASCII.GetBytes(framing.Length.ToString(CultureInfo.InvariantCulture)), into);
        }

        into.Write(LineEnd);
    }

    private static void WriteHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, IBufferWriter<byte> into)
    {
        into.Write(name);
        into.Write(value);
        into.Write(LineEnd);
    }

    private static void WriteEscaped(ReadOnlySpan<byte> target, IBufferWriter<byte> into)
    {
        while (!target.IsEmpty)
        {
            int plain = target.IndexOfAnyInRange((byte)0x80, (byte)0xFF);
            into.Write(plain < 0 ? target : target[..plain]);
            if (plain < 0)
            {
                return;
            }

            into.Write(Encoding.ASCII.GetBytes($"%{target[plain]:X2}"));
            target = target[(plain + 1)..];
        }
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known) => Ascii.EqualsIgnoreCase(name, known);
}
