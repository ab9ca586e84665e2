using System.Buffers.Text;
using Exposition.Engine;

namespace Exposition.Kestrel.Page;

/// <summary>The name of a group in an address of the page and in the API.</summary>
internal static class GroupId
{
    /// <summary>The name.</summary>
    public static string Of(GroupingKey key) => Base64Url.EncodeToString(key.Bytes);

    /// <summary>The group that it names.</summary>
    public static bool TryParse(string id, out GroupingKey? key)
    {
        key = null;
        return Base64Url.IsValid(id) && GroupingKey.TryCreate(Base64Url.DecodeFromChars(id), out key);
    }
}
