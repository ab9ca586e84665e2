using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Page;

/// <summary>What to do where nothing has been pushed yet.</summary>
internal static class FirstPush
{
    public static void Write(HtmlWriter html, GroupLinks links, HttpRequest request, string telemetryPath)
    {
        html.Raw("<h2>Nothing is stored</h2>\n"u8);
        if (links.Pushes is { } pushes)
        {
            html.Raw("<p>Push a first metric:</p><pre tabindex=\"0\">"u8)
                .Text($"echo \"some_metric 3.14\" | curl --data-binary @- {pushes}metrics/job/some_job")
                .Raw("</pre><button type=\"button\" class=\"js\" data-copy>Copy</button>\n"u8);
        }

        html.Raw("<p>and let Prometheus scrape <code>"u8).Text($"{request.Scheme}://{request.Host.Value}{telemetryPath}")
            .Raw("</code> with <code>honor_labels: true</code>.</p>\n"u8);
    }
}
