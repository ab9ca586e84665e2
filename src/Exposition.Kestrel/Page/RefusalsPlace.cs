using System.Globalization;
using Exposition.Engine.Finding;
using Exposition.Kestrel.Refusals;

namespace Exposition.Kestrel.Page;

/// <summary>The last requests that were refused, also those without a group.</summary>
internal sealed class RefusalsPlace(HtmlWriter html, PageClock clock, ExpositionEngine engine)
{
    public void Write()
    {
        IReadOnlyList<RefusedRequest> refused = engine.Refusals.Read();
        html.Raw("<h1>Refused pushes</h1>\n"u8);
        if (refused.Count == 0)
        {
            html.Raw("<p>Nothing has been refused since the start.</p>\n"u8);
            return;
        }

        html.Raw("<p class=\"help\">The last "u8).Text(refused.Count.ToString(CultureInfo.InvariantCulture))
            .Raw(", the newest first, logins and scrapes that were refused among them. Equal ones in a row are one. "u8)
            .Raw("<a href=\"api/v1/refusals\">As JSON</a></p>\n<table class=\"rows\">"u8)
            .Raw("<caption hidden>Refused requests</caption>"u8)
            .Raw("<thead><tr><th scope=\"col\">when</th><th scope=\"col\" class=\"n\">times</th><th scope=\"col\">from</th>"u8)
            .Raw("<th scope=\"col\">request</th><th scope=\"col\" class=\"n\">status</th><th scope=\"col\">why</th>"u8)
            .Raw("</tr></thead><tbody>\n"u8);
        foreach (RefusedRequest request in refused)
        {
            Row(request);
        }

        html.Raw("</tbody></table>\n"u8);
    }

    private void Row(RefusedRequest request)
    {
        html.Raw("<tr><td class=\"t\" data-h=\"when\">"u8);
        clock.Write(request.Last);
        html.Raw("</td><td class=\"n\" data-h=\"times\">"u8).Text(Words.Count(request.Count)).Raw("</td><td data-h=\"from\">"u8)
            .Text(request.Address ?? "a Unix socket");
        if (request.Forwarded is { } forwarded)
        {
            html.Raw(" for "u8).Text(forwarded);
        }

        if (request.User is { } user)
        {
            html.Raw(" as "u8).Cut(user);
        }

        html.Raw("</td><td>"u8);
        if (request.Method is { } method)
        {
            html.Text(method).Raw(" <code><bdi>"u8).Cut(request.Path ?? "").Raw("</bdi></code>"u8);
        }
        else
        {
            html.Raw("a head that could not be read"u8);
        }

        if (request.Group is { } group && engine.Store.Reads.TryRead(group, 0, static (_, _) => true, out _))
        {
            html.Raw(" <a href=\"./?group="u8).Text(GroupCursor.IdOf(group)).Raw("\">its group</a>"u8);
        }

        html.Raw("</td><td class=\"n\" data-h=\"status\">"u8).Text(request.Status.ToString(CultureInfo.InvariantCulture)).Raw("</td><td>"u8)
            .Text(request.Limit is { } limit ? $"limit {limit}" : request.Class).Raw(" <span class=\"why\">"u8);
        Reason.WriteShort(html, request.Reason);
        html.Raw("</span></td></tr>\n"u8);
    }
}
