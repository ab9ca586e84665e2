using System.Net.Sockets;
using System.Text;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>Whoever reads nothing of what he has asked for holds no seat that others need, wherever he asks.</summary>
public sealed class HeldSeatsTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    // More than a socket takes for one who does not read: keys, families or values are long.
    public static TheoryData<string, string, bool> Answers => new()
    {
        { "GET", "/?limit=500", true },
        { "GET", "/?limit=500&match={job=~\".%2B\"}", true },
        { "GET", "/?group={large}", true },
        { "GET", "/?group={large}&as=text", true },
        { "GET", "/?group={large}&as=json", true },
        { "GET", "/api/v1/groups?limit=1000", false },
        { "GET", "/api/v1/jobs?limit=1000", false },
        { "GET", "/api/v1/metrics", false },
        { "GET", "/api/v1/metrics?match[]={job=~\".%2B\"}", false },
        { "GET", "/api/v1/refusals", false },
        { "DELETE", "/api/v1/admin/groups?match[]={job=~\".%2B\"}&dry-run=true", false },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_reader_that_reads_nothing_goes_by_the_least_rate_and_keeps_nobody_from_searching(
        string method, string path, bool page)
    {
        var time = new ManualTime();
        await using ApiHost host = await ApiHost.StartAsync(options => (options.Time, options.MaxSearches) = (time, 1));
        string large = Fill(host);
        Limit kind = page ? Limit.PageReaders : Limit.ApiReaders;
        using Socket stuck = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 2048 };
        await stuck.ConnectAsync(host.Address.Host, host.Address.Port, TestContext.Current.CancellationToken);

        // One answer after the other, until the next one waits for its reader.
        string target = path.Replace("{large}", large, StringComparison.Ordinal);
        string request = $"{method} {target} HTTP/1.1\r\nHost: {host.Address.Authority}\r\n\r\n";
        byte[] all = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(request, 200)));
        await stuck.SendAsync(all, TestContext.Current.CancellationToken);
        int waits = 0;
        await UntilAsync(() => (waits = host.Engine.Readers.Reading(kind) > 0 ? waits + 1 : 0) > 30, time, TimeSpan.Zero);

        // The clock stands still: who waits for the seat of a search waits for ever.
        (int status, _) = await host.AskAsync("GET", "/api/v1/groups?state=failed")
            .WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(200, status);
        Assert.True(host.Engine.Readers.Reading(kind) > 0);
        await UntilAsync(() => host.Engine.Readers.Reading(kind) == 0, time, TimeSpan.FromSeconds(1));
        Assert.InRange(TwoDoors.Counted(host.Engine, "pushgateway_limit_refusals_total", "scrape-rate"), 1, 1);
    }

    private static string Fill(ApiHost host)
    {
        string text = new('x', 8000);
        for (int i = 0; i < 300; i++)
        {
            host.Push("m 1\n", ("job", $"{text}{i}"));
        }

        var body = new StringBuilder();
        for (int i = 0; i < 4000; i++)
        {
            body.Append("a_family_").Append(i).Append("{l=\"").Append(text, 0, 1000).Append("\"} 1\n");
        }

        host.Push(body.ToString(), ("job", "large"));
        for (int i = 0; i < 256; i++)
        {
            host.Engine.Reject(new Answer(400, text + i, Rejected: Rejection.Query), new System.Net.IPEndPoint(i, 1));
        }

        return Engine.Finding.GroupCursor.IdOf(Exposition.Engine.GroupingKey.Create(("job", "large")));
    }

    private static async Task UntilAsync(Func<bool> isSo, ManualTime time, TimeSpan step)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (!isSo())
        {
            Assert.True(waited.Elapsed < s_patience, "it does not come to that");
            time.Advance(step);
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
