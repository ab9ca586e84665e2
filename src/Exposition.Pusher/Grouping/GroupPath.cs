using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Exposition.Formats;

namespace Exposition.Pusher.Grouping;

/// <summary>
/// The path of a group. A value is written as it is only if nothing on the way reads it in another way: <see cref="Uri"/> removes dots
/// and undoes their escapes, routers clean slashes, and Go decodes before it splits. All else goes as URL-safe base64.
/// </summary>
internal static class GroupPath
{
    private const string Base64 = "@base64";
    private const string EmptyValue = "=";

    private static readonly SearchValues<char> s_plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~:-");

    /// <summary>What follows <c>/metrics/</c>.</summary>
    public static string Of(string job, IEnumerable<KeyValuePair<string, string>> labels)
    {
        var path = new StringBuilder();
        Append(path, "job", job);
        foreach ((string name, string value) in labels)
        {
            path.Append('/');
            Append(path, Written(name), value);
        }

        return path.ToString();
    }

    private static void Append(StringBuilder path, string name, string value)
    {
        bool isPlain = value is not ("" or "." or "..") && !value.AsSpan().ContainsAnyExcept(s_plain);
        path.Append(name).Append(isPlain ? "/" : Base64 + "/");
        path.Append(isPlain ? value : value.Length == 0 ? EmptyValue : Base64Url.EncodeToString(Encoding.UTF8.GetBytes(value)));
    }

    // The Pushgateway reads a name that begins with U__ back.
    private static string Written(string name)
    {
        byte[] text = Encoding.UTF8.GetBytes(name);
        byte[] written = new byte[NameRules.MaxEscapedLength(text.Length)];
        return Encoding.UTF8.GetString(written.AsSpan(0, NameRules.Escape(text, EscapingScheme.Values, written)));
    }
}
