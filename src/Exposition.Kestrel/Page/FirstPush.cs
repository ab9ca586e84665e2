namespace Exposition.Kestrel.Page;

/// <summary>What to do where nothing has been pushed yet.</summary>
internal static class FirstPush
{
    public static void Write(HtmlWriter html, GroupLinks links, string telemetryPath)
    {
        html.Raw("<h2>Nothing is stored</h2>\n"u8);
        if (links.Pushes is not null)
        {
            html.Raw("<p>Push a first metric:</p>"u8);
            CopiedText.Write(html, $"echo \"some_metric 3.14\" | curl --data-binary @- {links.Quoted("metrics/job/some_job")}", links);
        }

        html.Raw("<p>and let Prometheus scrape this, with <code>honor_labels: true</code>:</p>"u8);
        CopiedText.Write(html, links.Reached + telemetryPath.TrimStart('/'), links);
    }
}
