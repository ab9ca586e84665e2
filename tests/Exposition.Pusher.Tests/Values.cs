namespace Exposition.Pusher.Tests;

/// <summary>Texts that paths, URLs and routers are known to stumble over.</summary>
internal static class Values
{
    public static IReadOnlyList<string> All { get; } =
    [
        "", "plain", ".", "..", "...", ".a", "a.", "/", "//", "a/b", "/srv/data", "a/", "a/../b", "%", "100%", "100%25", "%2F", "%2E%2E",
        "+", "a+b", " ", " a ", "a b", "?", "a?b=c", "#", "a#b", "&", "=", ";", ",", "\\", "a\\b", "\"", "'", "\n", "\r\n", "\t", "\u0001",
        "Umläute", "日本語", "😀", "~", "host:9091", "@base64", "job@base64/eA==", "<a>|`^{x}[y]*$!()", new string('x', 2000),
    ];
}
