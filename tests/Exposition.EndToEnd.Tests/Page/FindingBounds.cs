namespace Exposition.EndToEnd.Tests.Page;

/// <summary>
/// What lists, searches and sorts may take: the first byte at the 95th percentile below 50 ms up to 100,000 groups, below 100 ms while
/// groups are created there, below 300 ms with more groups; a list of fifty below 40 KB and 6 KB compressed; the server at most 2 MiB more.
/// </summary>
/// <param name="groups">How many groups are stored.</param>
internal sealed class FindingBounds(int groups)
{
    private const int Many = 100_000;
    private const double BytesMore = 2 << 20;

    private readonly Dictionary<string, (double Value, string Address)> _worst = [];

    /// <summary>What an address took.</summary>
    public void See(string address, double idle, double busy, int bytes, int gzip)
    {
        See("first byte p95 when idle, ms", address, idle);
        See("first byte p95 while groups are created, ms", address, busy);

        // Fifty rows are what a list of the page has unless more are asked for.
        if ((address.Length == 0 || address[0] == '?') && !address.Contains("limit=", StringComparison.Ordinal)
            && !address.Contains("by=job", StringComparison.Ordinal) && !address.Contains("view=", StringComparison.Ordinal))
        {
            See("bytes of a list of fifty", address, bytes);
            See("bytes of a list of fifty, compressed", address, gzip);
        }
    }

    /// <summary>A line for each bound, which begins with pass or fail.</summary>
    /// <param name="created">Groups that were created in a second.</param>
    /// <param name="asked">How many were to be.</param>
    /// <param name="bytes">How much more is resident after the answers when nothing else went on.</param>
    public List<string> Judge(double created, int asked, long bytes)
    {
        var lines = new List<string>
        {
            Worst("first byte p95 when idle, ms", groups <= Many ? 50 : 300),
            Worst("first byte p95 while groups are created, ms", groups <= Many ? 100 : null),
            Worst("bytes of a list of fifty", 40_000),
            Worst("bytes of a list of fifty, compressed", 6_000),
            Line(bytes <= BytesMore, $"resident bytes more after the answers: {bytes}, at most {BytesMore}"),
            Line(created >= 0.95 * asked, $"groups that were created in a second: {created:f0}, asked for were {asked}"),
        };
        return lines;
    }

    private void See(string what, string address, double value) =>
        _worst[what] = _worst.TryGetValue(what, out var known) && known.Value >= value ? known : (value, address);

    private string Worst(string what, double? below)
    {
        var (value, address) = _worst[what];
        return below is { } bound ? Line(value < bound, $"{what}: at most {value:0.#} (/{address}), below {bound}")
            : $"      {what}: at most {value:0.#} (/{address}), no bound for so many groups";
    }

    private static string Line(bool isKept, FormattableString text) =>
        (isKept ? "pass  " : "fail  ") + text.ToString(CultureInfo.InvariantCulture);
}
