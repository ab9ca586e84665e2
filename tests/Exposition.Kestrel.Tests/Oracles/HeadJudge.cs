using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Exposition.Kestrel.Heads;

namespace Exposition.Kestrel.Tests;

/// <summary>
/// What the head parser promises. However the bytes are cut the verdict is the same. What it calls hot, Kestrel's parser reads in the same
/// way, and so does a naive reader that knows the strict rules: line ends are CR LF, no line is folded, one Host of host's letters, one
/// length at most, in digits, or one coding, <c>chunked</c>, and never both.
/// </summary>
internal static partial class HeadJudge
{
    private static readonly string[] s_atMostOnce = ["Host", "Content-Length", "Transfer-Encoding", "Content-Type", "Content-Encoding",
        "Accept-Encoding", "Authorization", "Exposition-Expire-After", "X-Prometheus-Scrape-Timeout-Seconds"];

    /// <summary>What is wrong, or null.</summary>
    /// <param name="parser">The parser.</param>
    /// <param name="bytes">A head, with or without something behind it, or anything else.</param>
    public static string? Complaint(HeadParser parser, ReadOnlySpan<byte> bytes)
    {
        HeadVerdict verdict = Start(parser, bytes, out RequestHead head);
        RequestHead grown = default;
        grown.Reset();
        HeadVerdict growing = HeadVerdict.NeedMore;
        for (int length = 0; length <= bytes.Length && growing == HeadVerdict.NeedMore; length++)
        {
            growing = parser.Continue(bytes[..length], ref grown);
        }

        if (growing != verdict || (verdict == HeadVerdict.Hot && !grown.Equals(head)))
        {
            return $"byte by byte it is {growing}, as a whole {verdict}";
        }

        // What follows a head, and what is cut off from it, changes nothing but that there may be more to come.
        for (int length = 1 + (bytes.Length % 7); length < bytes.Length; length += 1 + (bytes.Length / 9))
        {
            HeadVerdict first = Start(parser, bytes[..length], out RequestHead half);
            HeadVerdict second = first == HeadVerdict.NeedMore ? parser.Continue(bytes, ref half) : first;
            if (second != verdict || (verdict == HeadVerdict.Hot && !half.Equals(head)))
            {
                return $"cut at {length} it is {second}, as a whole {verdict}";
            }
        }

        return verdict == HeadVerdict.Hot ? Strict(Encoding.Latin1.GetString(bytes[..head.Position]), head) ?? Same(bytes, head) : null;
    }

    private static HeadVerdict Start(HeadParser parser, ReadOnlySpan<byte> bytes, out RequestHead head)
    {
        head = default;
        head.Reset();
        return parser.Continue(bytes, ref head);
    }

    /// <summary>Which of the strict rules a head breaks, or null.</summary>
    public static string? Strict(string head, in RequestHead read)
    {
        if (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            return "the head does not end where it should";
        }

        string[] lines = head[..^4].Split("\r\n");
        if (Array.Exists(lines, static line => line.AsSpan().ContainsAny('\r', '\n', '\0')))
        {
            return "a bare line end";
        }

        if (!RequestLine().IsMatch(lines[0]))
        {
            return "a request line that is not strict: " + lines[0];
        }

        var headers = new List<(string Name, string Value)>();
        foreach (string line in lines[1..])
        {
            if (Header().Match(line) is not { Success: true } match)
            {
                return "a header that is not strict: " + line;
            }

            headers.Add((match.Groups[1].Value, match.Groups[2].Value));
        }

        List<string> All(string name) => [.. headers.Where(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase))
            .Select(static header => header.Value)];
        return s_atMostOnce.FirstOrDefault(name => All(name).Count > 1) is { } twice ? twice + " comes twice"
            : All("Host") is not [{ } host] || !Host().IsMatch(host) ? "no Host or an odd one"
            : All("Content-Length") is [{ } length] && (!Digits().IsMatch(length)
                || long.Parse(length, CultureInfo.InvariantCulture) != read.ContentLength) ? "an odd Content-Length"
            : All("Transfer-Encoding") is [{ } coding] && coding != "chunked" ? "an odd Transfer-Encoding"
            : All("Transfer-Encoding").Count + All("Content-Length").Count > 1 ? "two framings"
            : All("Expect").Count + All("Upgrade").Count + All("Trailer").Count > 0 ? "something that Kestrel must see"
            : null;
    }

    private static string? Same(ReadOnlySpan<byte> bytes, in RequestHead head)
    {
        if (KestrelHead.Read(bytes) is not { } seen)
        {
            return "Kestrel does not take it";
        }

        string ours =
            $"{head.Position} {head.Method} {Text(head.Target, bytes)} {head.HeaderCount} {Text(head.Host, bytes)} {head.ContentLength} "
            + $"{head.Chunked} "
            + $"{Text(head.ContentType, bytes)} {Text(head.ContentEncoding, bytes)} {Text(head.Accept, bytes)} "
                + $"{Text(head.AcceptEncoding, bytes)} {Text(head.Authorization, bytes)} "
            + $"{Text(head.ScrapeTimeout, bytes)} {Text(head.ExpireAfter, bytes)}";
        string theirs =
            $"{seen.Length} {seen.Method} {seen.Target} {seen.Headers.Count} {One("Host")} {long.Parse(One("Content-Length") ?? "-1", CultureInfo.InvariantCulture)} {One("Transfer-Encoding") is not null} "
            + $"{One("Content-Type")} {One("Content-Encoding")} {One("Accept")} {One("Accept-Encoding")} {One("Authorization")} "
            + $"{One("X-Prometheus-Scrape-Timeout-Seconds")} {One("Exposition-Expire-After")}";
        return ours == theirs && seen.Version == Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpVersion.Http11
            ? null
            : $"Kestrel reads\n{theirs}\nand not\n{ours}";

        string? One(string name) => seen.All(name).FirstOrDefault();
    }

    private static string? Text(HeadRange range, ReadOnlySpan<byte> bytes) =>
        range.IsPresent ? Encoding.Latin1.GetString(range.In(bytes)) : null;

    [GeneratedRegex(@"\A(GET|PUT|POST|DELETE) /[!-~]* HTTP/1\.1\z")]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"\A([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t -~]*?)[ \t]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Header();

    [GeneratedRegex(@"\A(\[[0-9A-Fa-f:.]+\]|[!$&'()\-._~0-9A-Za-z]+)(:[0-9]+)?\z")]
    private static partial Regex Host();

    [GeneratedRegex(@"\A[0-9]{1,18}\z")]
    private static partial Regex Digits();
}
