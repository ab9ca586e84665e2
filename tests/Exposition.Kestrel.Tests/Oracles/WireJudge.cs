using System.Globalization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Exposition.Kestrel.Tests;

/// <summary>
/// The raw door against Kestrel. Whatever a client sends, and however it is cut: with the raw door before it Kestrel gives the same answers
/// as without, and the same pushes, deletes and scrapes come to the store.
/// </summary>
internal sealed class WireJudge
{
    private static readonly string[] s_faults =
    [
        "malformed chunked encoding", "invalid byte in chunk length", "http chunk length too large",
            "chunked encoding contains too much non-data",
        "unexpected EOF", "request body too large: more than 1000 bytes",
    ];

    private readonly Door _raw;
    private readonly Door _general = new(MemoryKestrel.SecondDoor);

    /// <param name="door">What is judged; the raw door if there is none.</param>
    public WireJudge(Action<ListenOptions>? door = null) => _raw = new Door(door ?? ((static listen => listen.UseExposition())));

    // Small, so that short inputs reach them.
    private static ExpositionOptions Options =>
        new() { MaxBodyBytes = 1000, MaxDecodedBytes = 10_000, MaxHeadBytes = 2000, MaxTargetBytes = 500, MaxHeaders = 20 };

    /// <summary>What is wrong, or null.</summary>
    /// <param name="sent">All that the client sends on a connection.</param>
    /// <param name="cuts">Where it is cut, in order.</param>
    public async Task<string?> ComplaintAsync(ReadOnlyMemory<byte> sent, IEnumerable<int> cuts)
    {
        List<string> raw = await _raw.AnswersAsync(Cut(sent, cuts));
        List<string> general = await _general.AnswersAsync([sent]);
        int same = raw.Zip(general).TakeWhile(static pair => pair.First == pair.Second).Count();
        return same == raw.Count && same == general.Count ? null
            : $"after {same} events raw: {raw.ElementAtOrDefault(same) ?? "end"}\nand Kestrel: {general.ElementAtOrDefault(same) ?? "end"}";
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Cut(ReadOnlyMemory<byte> sent, IEnumerable<int> cuts)
    {
        int from = 0;
        foreach (int cut in cuts.Append(sent.Length))
        {
            int to = Math.Clamp(cut, from, sent.Length);
            yield return sent[from..to];
            from = to;
        }
    }

    // A body that does not come whole has one of several faults, and which of them is seen first is a matter of the order of looking.
    // Kestrel does not say what is wrong with chunks, and lets nothing be answered where the client has ended too early. That it was
    // refused the store knows in any case.
    private static string? Settle(string said)
    {
        string? fault = Array.Find(s_faults, fault => said.TrimEnd().EndsWith(fault, StringComparison.Ordinal));
        return fault is null
            ? said
            : said.Contains("\nConnection: close\n", StringComparison.Ordinal)
                ? null
                : said.Replace(fault, "body refused", StringComparison.Ordinal);
    }

    // Complete answers in a form that can be compared: status, sorted headers without Date, body. Answers of 100 are a matter of time.
    private static IEnumerable<string> Split(string received)
    {
        while (received.Length > 0)
        {
            int end = received.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
            {
                yield return "broken: " + received;
                yield break;
            }

            string[] lines = received[..end].Split("\r\n");
            received = received[(end + 4)..];
            string? length = lines.FirstOrDefault(static line => line.StartsWith("Content-Length: ", StringComparison.Ordinal))?[16..];

            // An answer to HEAD has a length but no body. In chunks there are scrapes, and each door makes its own.
            int count = received.StartsWith("HTTP/1.", StringComparison.Ordinal)
                ? 0
                : Math.Min(received.Length, int.Parse(length ?? "0", CultureInfo.InvariantCulture));
            if (lines.Contains("Transfer-Encoding: chunked"))
            {
                (string joined, string rest) = Join(received);
                (received, count) = (joined + rest, joined.Length);
            }

            if (!lines[0].Contains(" 100 ", StringComparison.Ordinal))
            {
                yield return lines[0] + "\n" + string.Join('\n', lines[1..].Where(static line => !line.StartsWith(
                    "Date: ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)) + "\n" + received[..count];
            }

            received = received[count..];
        }
    }

    private static (string Joined, string Left) Join(string chunks)
    {
        string joined = "";
        while (true)
        {
            int end = chunks.IndexOf("\r\n", StringComparison.Ordinal);
            if (end < 0 || !int.TryParse(chunks[..end], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int size)
                || end + size + 4 > chunks.Length)
            {
                return ("broken: " + joined, chunks);
            }

            joined += chunks.Substring(end + 2, size);
            chunks = chunks[(end + size + 4)..];
            if (size == 0)
            {
                return (joined, chunks);
            }
        }
    }

    private sealed class Door
    {
        private readonly FakeTarget _target = new();
        private readonly MemoryKestrel _server;

        public Door(Action<ListenOptions>? door) => _server = MemoryKestrel.Start(_target, Options, door);

        /// <summary>The answers, and then what the store was told.</summary>
        public async Task<List<string>> AnswersAsync(IEnumerable<ReadOnlyMemory<byte>> pieces)
        {
            _target.Calls.Clear();
            _target.Details.Clear();
            _target.Failures.Clear();
            string received = await _server.ExchangeAsync(pieces);
            return [.. Split(received).Concat(_target.Failures).Select(Settle).OfType<string>(), .. _target.Calls,
                .. _target.Details.Select(static details => details.ExpireAfter.ToString() ?? "")];
        }
    }
}
