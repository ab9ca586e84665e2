using System.Text;
using Exposition.Engine.Content;

namespace Exposition.Replication.Announcing;

// body := version:1 byte (1)  text(address)  applied:8, little-endian. Of a later version nothing is read: who is there is worth knowing,
// but nothing depends on it.

/// <summary>What a node says of itself in an entry of the log.</summary>
/// <param name="Address">Where it is reached.</param>
/// <param name="Applied">The revision of the last entry that it had applied.</param>
internal readonly record struct NodeMessage(string Address, long Applied)
{
    /// <summary>The most bytes of an address.</summary>
    public const int MaxAddressBytes = 255;

    private const byte FormatVersion = 1;
    private const string Prefix = "n.";

    /// <summary>The subject of a run of a node.</summary>
    public static string SubjectOf(Guid run) => Prefix + run.ToString("N");

    /// <summary>Whether an entry of a subject is what a node says of itself.</summary>
    public static bool IsSubject(string subject) => subject.StartsWith(Prefix, StringComparison.Ordinal);

    public byte[] Write()
    {
        byte[] address = Encoding.UTF8.GetBytes(Address);
        byte[] body = new byte[1 + ContentWriter.MaxVarint + address.Length + sizeof(long)];
        var writer = new ContentWriter(body);
        writer.Byte(FormatVersion);
        writer.Text(address);
        writer.Int64(Applied);
        return body[..writer.Position];
    }

    public static bool TryRead(ReadOnlySpan<byte> body, out NodeMessage message)
    {
        message = default;
        var reader = new ContentReader(body.ToArray(), body.Length);
        if (!reader.TryByte(out byte version) || version != FormatVersion || !reader.TryText(out ReadOnlyMemory<byte> address)
            || address.Length is 0 or > MaxAddressBytes || !reader.TryInt64(out long applied) || !reader.AtEnd)
        {
            return false;
        }

        message = new NodeMessage(Encoding.UTF8.GetString(address.Span), applied);
        return true;
    }
}
