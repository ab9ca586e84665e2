using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Text;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Kestrel.Page;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>One group alone, as text and as JSON, and its place on the page: whatever its size, only a piece of it is in memory.</summary>
[Collection(nameof(GroupFileTests))]
public sealed class GroupFileTests
{
    private const int Large = 50 << 20;

    // Live memory, all collected: other tests of the module do not run beside this one.
    private const long MostMore = 8 << 20;

    private static readonly string s_id = GroupCursor.IdOf(GroupingKey.Create(("job", "big")));

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task A_large_group_is_sent_in_pieces_and_memory_stays_flat(string form)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        host.Push("warm 1\n", ("job", "small"));
        using (await host.SendAsync("GET", $"/?group={GroupCursor.IdOf(GroupingKey.Create(("job", "small")))}&as={form}"))
        {
        }

        PushLarge(host);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using var client = new HttpClient { BaseAddress = host.Address };
        using HttpResponseMessage answer = await client.GetAsync(
            $"/?group={s_id}&as={form}", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await using Stream body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        byte[] piece = new byte[64 << 10];
        long read = 0;
        long most = 0;
        for (long next = 0; ;)
        {
            int got = await body.ReadAsync(piece, TestContext.Current.CancellationToken);
            if (got == 0)
            {
                break;
            }

            read += got;
            if (read > next)
            {
                next = read + (Large / 8);
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        Assert.True(read > Large * 9L / 10, $"{read} bytes came");
        Assert.True(most < MostMore, $"{most >> 20} MiB more are in use while {read >> 20} MiB are sent");
    }

    [Fact]
    public async Task Both_forms_say_what_the_api_and_scrapes_say()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        host.Push("# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\nplain{a=\"<\"} 5\n", ("job", "big"));
        (int status, string text) = await host.AskAsync("GET", $"/?group={s_id}&as=text");
        Assert.Equal(200, status);
        string scrape = (await host.AskAsync("GET", "/metrics?match[]={}")).Body;
        Assert.Equal(scrape, text);

        string json = (await host.AskAsync("GET", $"/?group={s_id}&as=json")).Body;
        string api = (await host.DataAsync("/api/v1/metrics"))[0].GetRawText();
        Assert.Equal(api, json);

        foreach (string form in (string[])["text", "json"])
        {
            using HttpResponseMessage packed = await host.SendAsync("GET", $"/?group={s_id}&as={form}", ("Accept-Encoding", "gzip"));
            Assert.Equal("gzip", Assert.Single(packed.Content.Headers.ContentEncoding));
            await using var unpacked = new GZipStream(
                await packed.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), CompressionMode.Decompress);
            using var reader = new StreamReader(unpacked);
            Assert.Equal(form == "text" ? text : json, await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(404, (await host.AskAsync("GET", "/?group=am9i_25vbmU&as=text")).Status);
    }

    /// <summary>The last part of a family of many megabytes is shown without reading what stands before it.</summary>
    [Fact]
    public async Task A_part_of_a_large_family_costs_what_it_shows()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        PushLarge(host);
        foreach (int from in (int[])[0, 150_000, 420_000])
        {
            long allocated = 0;
            int shown = 0;
            Assert.True(host.Store.Reads.TryRead(GroupingKey.Create(("job", "big")), from, (group, skip) =>
            {
                var output = new ArrayBufferWriter<byte>(4 << 20);
                var html = new HtmlWriter(output);
                long start = GC.GetAllocatedBytesForCurrentThread();
                new FamilyList(html, new PageClock(html, DateTimeOffset.UnixEpoch)).Write(group, skip, 1000, 1 << 20, out _);
                allocated = GC.GetAllocatedBytesForCurrentThread() - start;
                shown = Encoding.UTF8.GetString(output.WrittenSpan).Split("<tr>").Length - 1;
                return true;
            }, out _));
            Assert.InRange(shown, 100, 2100);
            Assert.InRange(allocated, 0, 4 << 20);
        }
    }

    /// <summary>Whatever is in a family, the links from part to part show each line once.</summary>
    [Fact]
    public async Task The_parts_of_a_group_show_each_series_once()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        var body = new StringBuilder("# TYPE h histogram\n");
        for (int i = 0; i < 700; i++)
        {
            // With a count and a bucket without a bound; with neither; with a count of 0 that buckets contradict.
            body.Append(i % 3 == 0 ? $"h_bucket{{n=\"{i}\",le=\"+Inf\"}} 2\nh_sum{{n=\"{i}\"}} 3\nh_count{{n=\"{i}\"}} 2\n"
                : i % 3 == 1 ? $"h_bucket{{n=\"{i}\",le=\"1\"}} 1\nh_sum{{n=\"{i}\"}} 3\n"
                : $"h_bucket{{n=\"{i}\",le=\"1\"}} 1\nh_sum{{n=\"{i}\"}} 3\nh_count{{n=\"{i}\"}} 0\n");
        }

        body.Append("# TYPE s summary\n");
        for (int i = 700; i < 1000; i++)
        {
            body.Append($"s{{n=\"{i}\",quantile=\"0.5\"}} 2\ns_sum{{n=\"{i}\"}} 3\ns_count{{n=\"{i}\"}} 2\n");
        }

        for (int i = 1000; i < 3000; i++)
        {
            body.Append($"z{{n=\"{i}\"}} 1\n");
        }

        host.Push(body.ToString(), ("job", "big"));
        var seen = new List<int>();
        string? next = $"./?group={s_id}";
        for (int pages = 0; next is not null; pages++)
        {
            Assert.True(pages < 20, "there is no end");
            string html = WebUtility.HtmlDecode((await host.AskAsync("GET", next[1..])).Body);
            seen.AddRange(html.Split("<bdi class=\"l\">n=\"").Skip(1).Select(static part => int.Parse(part[..part.IndexOf('"')], null)));
            int link = html.IndexOf("<a rel=\"next\" href=\"", StringComparison.Ordinal);
            next = link < 0 ? null : html[(link + 20)..].Split('"')[0];
        }

        Assert.Equal(Enumerable.Range(0, 3000), seen.Order());
    }

    private static void PushLarge(ApiHost host)
    {
        string filler = new('x', 80);
        var body = new StringBuilder(Large + (1 << 20));
        body.Append("# TYPE g gauge\n");
        for (int i = 0; body.Length < Large / 2; i++)
        {
            body.Append($"g{{n=\"{i:d7}\",text=\"{filler}\"}} {i}\n");
        }

        body.Append("# TYPE h histogram\n");
        for (int i = 0; body.Length < Large; i++)
        {
            body.Append($"h_bucket{{n=\"{i:d7}\",text=\"{filler}\",le=\"1\"}} 1\nh_bucket{{n=\"{i:d7}\",text=\"{filler}\",le=\"+Inf\"}} 2\n")
                .Append($"h_sum{{n=\"{i:d7}\",text=\"{filler}\"}} 3\nh_count{{n=\"{i:d7}\",text=\"{filler}\"}} 2\n");
        }

        host.Push(body.ToString(), ("job", "big"));
        Assert.True(host.Store.StoredBytes > Large);
    }
}

/// <summary>They measure memory.</summary>
[CollectionDefinition(nameof(GroupFileTests), DisableParallelization = true)]
public sealed class GroupFileAlone;
