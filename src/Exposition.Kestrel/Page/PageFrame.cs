using Exposition.Hosting.Conditions;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Page;

/// <summary>What stands around each place: the head, the way to the others, and the window for questions.</summary>
internal sealed class PageFrame(ExpositionEngine engine, ExpositionStatusOptions status)
{
    private static readonly (Place Place, string Address, string Name)[] s_places =
    [
        (Place.Groups, "./", "Groups"), (Place.Jobs, "./?by=job", "Jobs"), (Place.Refusals, "./?view=refusals", "Refused pushes"),
        (Place.Status, "status", "Status"),
    ];

    // As the Pushgateway links them where there is an external URL.
    private readonly string _static = (status.ExternalPath.Length > 0 ? status.ExternalPath : ".") + "/static/";

    // The first words of what is wrong, in a line.
    private const int MostConditions = 3;

    /// <summary>Writes all that stands before a place.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="clock">The time of the page.</param>
    /// <param name="title">What is shown, in a word.</param>
    /// <param name="place">The place.</param>
    /// <param name="host">The name under which the page was asked for.</param>
    public void Begin(HtmlWriter html, PageClock clock, string title, Place place, HostString host)
    {
        html.Raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>"u8)
            .Cut(title).Raw(" · "u8).Cut(status.Title).Raw("</title>"u8)
            .Raw("<meta name=\"robots\" content=\"noindex,nofollow\"><meta name=\"viewport\" content=\"width=device-width,"u8)
            .Raw("initial-scale=1\"><link rel=\"stylesheet\" href=\""u8).Text(Asset("page.css")).Raw("\">"u8);
        foreach (string script in (ReadOnlySpan<string>)["idiomorph.js", "functions.js"])
        {
            html.Raw("<script defer src=\""u8).Text(Asset(script)).Raw("\"></script>"u8);
        }

        html.Raw("<link rel=\"icon\" type=\"image/svg+xml\" href=\""u8).Text(Asset("favicon.svg"))
            .Raw("\"></head>\n<body><a class=\"skip\" href=\"#main\">Skip to content</a>\n<header><b>"u8).Cut(status.Title)
            .Raw("</b> <nav aria-label=\"Places\">"u8);
        foreach ((Place of, string address, string name) in s_places)
        {
            bool isHere = of == place || (of == Place.Groups && place == Place.Group);
            html.Raw("<a href=\""u8).Text(address).Raw(isHere ? "\" aria-current=\"page\">"u8 : "\">"u8).Text(name).Raw("</a> "u8);
        }

        html.Raw("</nav> <span class=\"where\">"u8).Cut(host.Value ?? "");
        if (status.Build.Version.Length > 0)
        {
            html.Raw(" · "u8).Cut(status.Build.Version);
        }

        html.Raw(" · up "u8).Text(Words.Duration(clock.Now - engine.StartedAt));
        if (engine.Scrapers.List() is [{ } last, ..])
        {
            html.Raw(" · last scrape "u8);
            clock.Write(last.At);
        }

        html.Raw("</span></header>\n<main id=\"main\" tabindex=\"-1\">\n"u8);
        if (place != Place.Status)
        {
            Conditions(html, place);
        }
    }

    /// <summary>Writes all that stands behind a place.</summary>
    public static void End(HtmlWriter html) =>
        html.Raw("</main>\n<p id=\"say\" role=\"status\" aria-live=\"polite\"></p>\n"u8)
            .Raw("<dialog id=\"ask\" class=\"js\" aria-labelledby=\"question\"><form method=\"dialog\"><h2 id=\"question\" class="u8)
            .Raw("\"question\"></h2><p class=\"details\"></p><p><label>Type the number of groups: <input autocomplete=\"off\" "u8)
            .Raw("inputmode=\"numeric\"></label></p><p class=\"do\"><button value=\"go\" class=\"danger\">Delete</button> "u8)
            .Raw("<button value=\"\" autofocus>Cancel</button></p></form></dialog>\n</body></html>\n"u8);

    // Each place knows what it shows itself: the list of groups has a line about hidden families, with a link to them.
    private void Conditions(HtmlWriter html, Place place)
    {
        Condition[] holding = [.. (engine.Conditions?.Read() ?? []).Where(
            condition => place != Place.Groups || condition.Type != ConditionTypes.FamiliesHidden)];
        if (holding.Length == 0)
        {
            return;
        }

        html.Raw("<p class=\"banner warn\">"u8);
        foreach (Condition condition in holding.Take(MostConditions))
        {
            html.Raw("<b>"u8).Text(condition.Type).Raw("</b>: "u8).Cut(condition.Message).Raw(" · "u8);
        }

        html.Rest(holding.Length, MostConditions).Raw("<a href=\"status\">Conditions</a></p>\n"u8);
    }

    // Relative, as all links are: they hold behind a proxy that strips a path.
    private string Asset(string name) => $"{_static}{name}?v={Assets.All.Version}";
}
