using System.Text;
using System.Text.Unicode;
using Exposition.Engine;

namespace Exposition.Kestrel.Routing;

// query = "?" key "=" value *( "&" key "=" value )       keys and values percent-encoded, "+" is a blank, as forms are sent
// What is neither match[] nor shard is not looked at, as in the Pushgateway, which has no query at all.

/// <summary>Which groups a scrape asks for in its query.</summary>
/// <param name="Groups">The groups; null for all.</param>
/// <param name="Error">What is wrong with the query; null if nothing is.</param>
internal readonly record struct ScrapeQuery(GroupSelection? Groups, string? Error = null)
{
    // That of the longer one, all of it escaped.
    private const int LongestKey = 3 * 7;

    /// <summary>
    /// Whether the families of the engine and its host go with it: with selectors they do not, and of several shards with the first.
    /// </summary>
    public bool WithOwn => Groups is null || (Groups.Selectors.Count == 0 && Groups.Shard is null or { Index: 0 });

    /// <summary>Reads the query of a target; without one nothing is read, or allocated.</summary>
    public static ScrapeQuery Of(ReadOnlySpan<byte> target)
    {
        int start = target.IndexOf((byte)'?');
        return start < 0 ? default : Read(target[(start + 1)..]);
    }

    private static ScrapeQuery Read(ReadOnlySpan<byte> query)
    {
        List<GroupSelector>? selectors = null;
        Shard? shard = null;
        foreach (Range range in query.Split((byte)'&'))
        {
            ReadOnlySpan<byte> part = query[range];
            int equals = part.IndexOf((byte)'=');
            ReadOnlySpan<byte> key = equals < 0 ? part : part[..equals];
            ReadOnlySpan<byte> value = equals < 0 ? default : part[(equals + 1)..];
            string? error = null;
            if (IsKey(key, "match[]"u8))
            {
                selectors ??= [];
                error = TryDecode(value, out string text) ? SelectorList.Add(selectors, text)
                    : $"match[] {selectors.Count + 1}: not UTF-8, or a malformed percent escape";
            }
            else if (IsKey(key, "shard"u8))
            {
                error = shard is not null ? "shard is given twice"
                    : !TryDecode(value, out string text) ? "shard: not UTF-8, or a malformed percent escape"
                    : !Shard.TryParse(text, out shard, out string? why) ? "shard: " + why
                    : null;
            }

            if (error is not null)
            {
                return new ScrapeQuery(null, error);
            }
        }

        return selectors is null && shard is null ? default : new ScrapeQuery(new GroupSelection(selectors, shard));
    }

    private static bool IsKey(ReadOnlySpan<byte> sent, ReadOnlySpan<byte> key)
    {
        if (sent.Length > LongestKey || sent.Length < key.Length || !PercentEncoding.IsWellFormed(sent))
        {
            return false;
        }

        Span<byte> decoded = stackalloc byte[LongestKey];
        return decoded[..PercentEncoding.Decode(sent, decoded)].SequenceEqual(key);
    }

    private static bool TryDecode(ReadOnlySpan<byte> value, out string text)
    {
        text = "";
        if (!PercentEncoding.IsWellFormed(value))
        {
            return false;
        }

        byte[] bytes = value.ToArray();
        bytes.AsSpan().Replace((byte)'+', (byte)' ');
        int length = PercentEncoding.Decode(bytes, bytes);
        if (!Utf8.IsValid(bytes.AsSpan(0, length)))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(bytes, 0, length);
        return true;
    }
}
