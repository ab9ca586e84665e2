using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Exposition.Engine.Finding;

// As text: the group's id, and before it, where groups are sorted by something else than their keys, what by and its value, as in
// size.5120.am9i_2o. An id is base64url of the canonical key, in which there is no full stop.

/// <summary>A place in a list of groups: behind a group, which need not be there any more.</summary>
/// <param name="Sort">The order of the list.</param>
/// <param name="Value">What the group was sorted by.</param>
/// <param name="Key">The group.</param>
internal sealed record GroupCursor(GroupSort Sort, long Value, GroupingKey Key)
{
    /// <summary>The longest that is read, in characters.</summary>
    public const int MaxLength = 128 << 10;

    /// <summary>The group's name in addresses.</summary>
    public static string IdOf(GroupingKey key) => Base64Url.EncodeToString(key.Bytes);

    /// <summary>The group that an address names.</summary>
    public static bool TryParseId(ReadOnlySpan<char> id, [NotNullWhen(true)] out GroupingKey? key)
    {
        key = null;
        return id.Length <= MaxLength && Base64Url.IsValid(id) && GroupingKey.TryCreate(Base64Url.DecodeFromChars(id), out key);
    }

    /// <summary>Reads one of a list in some order.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, GroupSort sort, [NotNullWhen(true)] out GroupCursor? cursor)
    {
        cursor = null;
        long value = 0;
        if (!SortValue.IsOfKey(sort))
        {
            string prefix = FindingNames.Of(sort) + ".";
            int end = text.LastIndexOf('.');
            if (!text.StartsWith(prefix, StringComparison.Ordinal) || end < prefix.Length
                || !long.TryParse(text[prefix.Length..end], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value))
            {
                return false;
            }

            text = text[(end + 1)..];
        }

        cursor = TryParseId(text, out GroupingKey? key) ? new GroupCursor(sort, value, key) : null;
        return cursor is not null;
    }

    public override string ToString() =>
        SortValue.IsOfKey(Sort) ? IdOf(Key) : string.Create(CultureInfo.InvariantCulture, $"{FindingNames.Of(Sort)}.{Value}.{IdOf(Key)}");
}
