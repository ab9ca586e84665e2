using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Exposition.Engine;

// The hash is one that every language has, of bytes that follow from the labels alone: what a scraper's configuration says of shards must
// hold for every node, version and restart. It is computed once for each group (GroupSlot.ShardHash).

/// <summary>
/// One of several equal parts of all groups, by a hash of their keys: shard <c>i</c> of <c>n</c> has the groups for which the first 8
/// bytes, big endian, of the SHA-256 of <see cref="GroupingKey.Bytes"/> are <c>i</c> modulo <c>n</c>. The same on every machine and in
/// every version. Immutable.
/// </summary>
/// <example>
/// <code>
/// var options = new ScrapeOptions { Selection = new GroupSelection(shard: new Shard(0, 4)) };
/// store.WriteTo(output, options);
/// </code>
/// </example>
public sealed record Shard
{
    /// <summary>The most shards.</summary>
    public const int MaxCount = 1024;

    /// <summary>Names a shard.</summary>
    /// <param name="index">Which it is, from 0.</param>
    /// <param name="count">How many there are, at most <see cref="MaxCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is none of these numbers.</exception>
    public Shard(int index, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
        (Index, Count) = (index, count);
    }

    /// <summary>Which it is, from 0.</summary>
    public int Index { get; }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Reads a shard in the form <c>i/n</c>, in decimal digits without signs.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static Shard Parse(string text) =>
        TryParse(text, out Shard? shard, out string? error) ? shard : throw new FormatException(error);

    /// <summary>Reads a shard in the form <c>i/n</c>, in decimal digits without signs.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="shard">What was read.</param>
    /// <param name="error">What is expected.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out Shard? shard, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        bool reads = TryReadNumber(slash < 0 ? default : text.AsSpan(0, slash), out int index)
            & TryReadNumber(text.AsSpan(slash + 1), out int count);
        shard = reads && count <= MaxCount && index < count ? new Shard(index, count) : null;
        error = shard is null ? $"expected I/N with 0 <= I < N <= {MaxCount}" : null;
        return shard is not null;
    }

    /// <summary>In which of so many shards a group is.</summary>
    /// <param name="key">The group's key.</param>
    /// <param name="count">How many shards there are; more than 0.</param>
    public static int IndexOf(GroupingKey key, int count)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return (int)(HashOf(key) % (ulong)count);
    }

    /// <summary>Whether a group is in it.</summary>
    public bool Contains(GroupingKey key) => IndexOf(key, Count) == Index;

    /// <summary>The form that <see cref="Parse"/> reads.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Count}");

    internal static ulong HashOf(GroupingKey key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key.Bytes, hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }

    internal bool Contains(ulong hash) => (int)(hash % (ulong)Count) == Index;

    private static bool TryReadNumber(ReadOnlySpan<char> digits, out int number)
    {
        number = 0;
        return digits.Length is > 0 and <= 4 && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
