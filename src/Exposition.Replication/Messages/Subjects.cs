using System.Security.Cryptography;
using Exposition.Engine;

namespace Exposition.Replication.Messages;

/// <summary>The subjects of entries.</summary>
internal static class Subjects
{
    /// <summary>That of what is said of the log itself.</summary>
    public const string Meta = "m";

    private const string OfGroups = "g.";
    private const int HashBytes = 16;

    /// <summary>Whether it is one of a group.</summary>
    public static bool IsOfGroup(string subject) => subject.StartsWith(OfGroups, StringComparison.Ordinal);

    /// <summary>That of a group: a hash of its key, which all nodes and versions compute alike.</summary>
    public static string Of(GroupingKey key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key.Bytes, hash);
        return OfGroups + Convert.ToHexStringLower(hash[..HashBytes]);
    }
}
