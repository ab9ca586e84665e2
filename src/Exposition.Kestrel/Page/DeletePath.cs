using System.Buffers.Text;
using System.Text;
using Exposition.Engine;

namespace Exposition.Kestrel.Page;

/// <summary>
/// The path under which a group can be deleted, relative to where pushes are: every value in base64, so that any value can be said.
/// </summary>
internal static class DeletePath
{
    /// <summary>The path, such as <c>metrics/job@base64/eA==/instance@base64/=</c>.</summary>
    /// <param name="key">The group.</param>
    /// <param name="unescapesNames">Whether the push routes undo the U__ form of label names.</param>
    public static string Of(GroupingKey key, bool unescapesNames)
    {
        var job = new StringBuilder("metrics");
        var others = new StringBuilder();
        foreach (GroupingLabel label in key.Labels)
        {
            StringBuilder part = label.Name.SequenceEqual("job"u8) ? job : others;
            string name = Encoding.UTF8.GetString(label.Name);
            part.Append('/').Append(Name(name, unescapesNames)).Append("@base64/").Append(Base64Url.EncodeToString(label.Value))
                .Append('=');
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

    private static readonly System.Buffers.SearchValues<char> s_legacy =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}
