using System.Buffers.Text;
using System.Text;
using Exposition.Engine;

namespace Exposition.Kestrel.Page;

/// <summary>The path of a group, relative to where pushes are.</summary>
internal static class PushPathText
{
    /// <summary>
    /// The path: <c>metrics/job/x/instance@base64/=</c>. By base64 any value can be said, and no proxy changes it.
    /// </summary>
    /// <param name="key">The group.</param>
    /// <param name="unescapesNames">Whether the push routes undo the U__ form of label names.</param>
    /// <param name="isReadable">
    /// Whether values are in base64 only where they must be; else all are that have a character which a proxy might write otherwise.
    /// </param>
    public static string Of(GroupingKey key, bool unescapesNames, bool isReadable)
    {
        var job = new StringBuilder("metrics");
        var others = new StringBuilder();
        foreach (GroupingLabel label in key.Labels)
        {
            StringBuilder part = label.Name.SequenceEqual("job"u8) ? job : others;
            string name = Encoding.UTF8.GetString(label.Name);
            part.Append('/').Append(Name(name, unescapesNames));
            string value = Encoding.UTF8.GetString(label.Value);
            bool isPlain = isReadable ? !value.Contains('/', StringComparison.Ordinal) : value.AsSpan().IndexOfAnyExcept(s_unreserved) < 0;
            if (isPlain && value is not ("" or "." or ".."))
            {
                part.Append('/').Append(Uri.EscapeDataString(value));
            }
            else
            {
                part.Append("@base64/").Append(Base64Url.EncodeToString(label.Value)).Append('=');
            }
        }

        return job.Append(others).ToString();
    }

    // Escaped by our own rule below, a name has no character that means something in a path.
    private static string Name(string name, bool unescapesNames)
    {
        bool plain = name.AsSpan().IndexOfAnyExcept(s_legacy) < 0 && !char.IsAsciiDigit(name[0]);
        if (!unescapesNames || (plain && !name.StartsWith("U__", StringComparison.Ordinal)))
        {
            return Uri.EscapeDataString(name);
        }

        var escaped = new StringBuilder("U__");
        bool first = true;
        foreach (Rune rune in name.EnumerateRunes())
        {
            bool letter = rune.IsAscii && (char.IsAsciiLetter((char)rune.Value) || (!first && char.IsAsciiDigit((char)rune.Value)));
            escaped.Append(rune.Value == '_' ? "__" : letter ? rune.ToString() : $"_{rune.Value:x}_");
            first = false;
        }

        return escaped.ToString();
    }

    private static readonly System.Buffers.SearchValues<char> s_unreserved =
        System.Buffers.SearchValues.Create("-.ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz0123456789");

    private static readonly System.Buffers.SearchValues<char> s_legacy =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}
