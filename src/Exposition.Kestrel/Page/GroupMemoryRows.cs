using System.Globalization;
using Exposition.Engine.Reading;

namespace Exposition.Kestrel.Page;

/// <summary>The rows of a group's table that say what it remembers of pushes that add to it.</summary>
internal static class GroupMemoryRows
{
    private const int HashShown = 12;

    /// <summary>Writes them, if there is anything.</summary>
    public static void Write(HtmlWriter html, PageClock clock, MemoryView? memory)
    {
        if (memory?.Mode is { } mode)
        {
            html.Raw("<tr><th scope=\"row\">mode of the last push</th><td><code>"u8).Text(mode).Raw("</code></td></tr>"u8);
        }

        if (memory is { SourceCount: > 0 })
        {
            html.Raw("<tr><th scope=\"row\">sources</th><td>"u8)
                .Text(memory.SourceCount.ToString(CultureInfo.InvariantCulture)).Raw("<ul>"u8);
            foreach ((string name, DateTimeOffset at) in memory.Sources)
            {
                html.Raw("<li><code><bdi>"u8).Cut(name).Raw("</bdi></code> "u8);
                clock.Write(at);
                html.Raw("</li>"u8);
            }

            html.Raw("</ul>"u8).Rest(memory.SourceCount, memory.Sources.Count).Raw("</td></tr>"u8);
        }

        if (memory is { IdCount: > 0 })
        {
            html.Raw("<tr><th scope=\"row\">ids of pushes</th><td>"u8).Text(memory.IdCount.ToString(CultureInfo.InvariantCulture))
                .Raw(" known, the last as hashes:<ul>"u8);
            foreach ((string hash, DateTimeOffset at) in memory.Ids)
            {
                html.Raw("<li><code>"u8).Text(hash[..HashShown]).Raw("</code> "u8);
                clock.Write(at);
                html.Raw("</li>"u8);
            }

            html.Raw("</ul></td></tr>"u8);
        }
    }
}
