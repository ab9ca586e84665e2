using Exposition.Engine;
using Exposition.Engine.Finding;

namespace Exposition.Kestrel.Page;

/// <summary>Jobs, one row each.</summary>
internal sealed class JobsPlace(HtmlWriter html, PageClock clock)
{
    /// <summary>How many jobs are on a page.</summary>
    public const int Limit = 200;

    private const int LongestSelector = 200;

    public void Write(IReadOnlyList<FoundJob> jobs, bool hasMore, bool isLoading)
    {
        html.Raw("<h1>Jobs</h1>\n"u8);
        if (jobs.Count == 0)
        {
            html.Raw(isLoading ? "<p>Nothing is loaded yet.</p>\n"u8 : "<p>There are none.</p>\n"u8);
            return;
        }

        html.Raw("<table class=\"rows\"><caption hidden>Jobs</caption><thead><tr><th scope=\"col\">job</th>"u8);
        foreach (string number in (ReadOnlySpan<string>)["groups", "failed", "series", "size"])
        {
            html.Raw("<th scope=\"col\" class=\"n\">"u8).Text(number).Raw("</th>"u8);
        }

        html.Raw("<th scope=\"col\">newest push</th><th scope=\"col\">oldest push</th></tr></thead><tbody>\n"u8);
        foreach (FoundJob job in jobs)
        {
            Row(job);
        }

        html.Raw("</tbody></table>\n"u8);
        if (hasMore)
        {
            html.Raw("<nav class=\"pages\" aria-label=\"Pages\"><a rel=\"next\" href=\"./?by=job&amp;after="u8)
                .Text(Uri.EscapeDataString(jobs[^1].Job)).Raw("\">next jobs</a></nav>\n"u8);
        }
    }

    private void Row(FoundJob job)
    {
        string? address = job.Job.Length <= LongestSelector
            ? "./?match=" + Uri.EscapeDataString(GroupingKey.Create(("job", job.Job)).ToString()) : null;
        html.Raw("<tr><td>"u8);
        Link(address, () => html.Raw("<bdi>"u8).Cut(job.Job).Raw("</bdi>"u8));
        html.Raw("</td><td class=\"n\" data-h=\"groups\">"u8).Text(Words.Count(job.Groups))
            .Raw("</td><td class=\"n\" data-h=\"failed\">"u8);
        Link(job.Failed > 0 && address is not null ? address + "&state=failed" : null, () => html.Text(Words.Count(job.Failed)));
        html.Raw("</td><td class=\"n\" data-h=\"series\">"u8).Text(Words.Count(job.Series))
            .Raw("</td><td class=\"n\" data-h=\"size\">"u8).Text(Words.Size(job.Bytes))
            .Raw("</td><td class=\"t\" data-h=\"newest push\">"u8);
        clock.Write(job.NewestPush);
        html.Raw("</td><td class=\"t\" data-h=\"oldest push\">"u8);
        clock.Write(job.OldestPush);
        html.Raw("</td></tr>\n"u8);
    }

    private void Link(string? address, Action text)
    {
        if (address is null)
        {
            text();
            return;
        }

        html.Raw("<a href=\""u8).Text(address).Raw("\">"u8);
        text();
        html.Raw("</a>"u8);
    }
}
