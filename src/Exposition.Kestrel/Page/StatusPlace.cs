using Exposition.Engine.Finding;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel.SelfMetrics;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Page;

/// <summary>How the gateway is: what is wrong, how full it is, who scrapes it, what was pushed last, how it was started.</summary>
internal sealed class StatusPlace(HtmlWriter html, PageClock clock, ExpositionEngine engine, ExpositionStatusOptions status)
{
    /// <summary>How many of the newest pushes are shown.</summary>
    public const int Newest = 5;

    // From here on a bar is not of its usual colour.
    private const double High = 0.8;

    private readonly LabelList _labels = new(html);

    public void Write(FoundGroups newest, bool isLoading)
    {
        html.Raw("<h1>Status</h1>\n"u8);
        Conditions();
        Limits();
        Scrapers();
        Pushes(newest, isLoading);
        foreach (IStatusSource source in engine.StatusSources)
        {
            Heading(source.Title);
            Facts(source.Read());
        }

        Flags();
        Heading("Build");
        Table(status.Build.Parts());
    }

    private void Conditions()
    {
        IReadOnlyList<Condition> conditions = engine.Conditions?.Read() ?? [];
        if (conditions.Count == 0)
        {
            html.Raw("<p><span class=\"s\">ok</span> No condition holds that needs an operator.</p>\n"u8);
            return;
        }

        foreach (Condition condition in conditions)
        {
            html.Raw("<p class=\"banner warn\"><b>"u8).Text(condition.Type).Raw("</b>: "u8).Cut(condition.Message).Raw(" (since "u8);
            clock.Write(condition.Since!.Value);
            html.Raw(")</p>\n"u8);
        }
    }

    private void Limits()
    {
        Heading("Limits");
        html.Raw("<p class=\"help\">Of what all share, what is in use now; of what one request may be, the largest of the last ten "u8)
            .Raw("minutes. What is nearest to its limit stands first.</p>\n<table class=\"rows\"><thead><tr><th scope=\"col\">limit</th>"u8)
            .Raw("<th scope=\"col\">in use</th>"u8)
            .Raw("<th scope=\"col\" class=\"n\">now</th><th scope=\"col\" class=\"n\">most</th>"u8)
            .Raw("<th scope=\"col\" class=\"n\">refused since the start</th></tr></thead><tbody>\n"u8);
        foreach (LimitUse use in engine.Metrics.ReadLimits()
            .OrderByDescending(static use => Math.Round(PartOf(use), 2)).ThenByDescending(static use => use.Refused))
        {
            html.Raw("<tr><th scope=\"row\">"u8).Text(use.Name).Raw("</th><td data-h=\"\">"u8);
            if (use.Most > 0)
            {
                html.Raw("<meter aria-hidden=\"true\" max=\"1\" high=\""u8).Text(PlainNumber.Of(High)).Raw("\" value=\""u8)
                    .Text(PlainNumber.Of(Math.Round(PartOf(use), 3))).Raw("\"></meter>"u8);
            }

            html.Raw("</td><td class=\"n\" data-h=\"now\">"u8).Text(Shown(use.Usage, use.Name))
                .Raw("</td><td class=\"n\" data-h=\"most\">"u8).Text(use.Most > 0 ? Shown(use.Most, use.Name) : "none")
                .Raw("</td><td class=\"n\" data-h=\"refused\">"u8).Text(Words.Count(use.Refused)).Raw("</td></tr>\n"u8);
        }

        html.Raw("</tbody></table>\n"u8);
    }

    private static double PartOf(LimitUse use) => use.Most > 0 ? Math.Clamp(use.Usage / use.Most, 0, 1) : 0;

    private static string Shown(double number, string limit)
    {
        switch (limit[(limit.LastIndexOf('-') + 1)..])
        {
            case "bytes":
                return Words.Size((long)number);
            case "rate":
                return Words.Size((long)number) + "/s";
            case var unit:
                string text = number == Math.Floor(number) ? Words.Count((long)number) : PlainNumber.Of(Math.Round(number, 3));
                return unit is "timeout" or "duration" ? text + " s" : text;
        }
    }

    private void Scrapers()
    {
        Heading("Scrapers");
        Scraper[] scrapers = engine.Scrapers.List();
        if (scrapers.Length == 0)
        {
            html.Raw("<p>Nobody has scraped yet: nothing of what is pushed is seen.</p>\n"u8);
            return;
        }

        html.Raw("<table><thead><tr><th scope=\"col\">from</th><th scope=\"col\">last</th><th scope=\"col\">format</th></tr></thead>"u8)
            .Raw("<tbody>\n"u8);
        foreach (Scraper scraper in scrapers)
        {
            html.Raw("<tr><td>"u8).Text(scraper.Client.ToString()).Raw(scraper.User is null ? ""u8 : " as "u8).Cut(scraper.User ?? "")
                .Raw("</td><td class=\"t\">"u8);
            clock.Write(scraper.At);
            html.Raw("</td><td>"u8).Text(EngineMeter.NameOf(scraper.Format)).Raw(scraper.Gzip ? ", gzip"u8 : ""u8).Raw("</td></tr>\n"u8);
        }

        html.Raw("</tbody></table>\n"u8);
    }

    private void Pushes(FoundGroups newest, bool isLoading)
    {
        Heading("Newest pushes");
        if (newest.Groups.Count == 0)
        {
            html.Raw(isLoading ? "<p>Nothing is loaded yet.</p>\n"u8 : "<p>Nothing is stored.</p>\n"u8);
            return;
        }

        html.Raw("<table><thead><tr><th scope=\"col\">group</th><th scope=\"col\">last push</th></tr></thead><tbody>\n"u8);
        foreach (FoundGroup group in newest.Groups)
        {
            html.Raw("<tr><td><a href=\"./?group="u8).Text(GroupCursor.IdOf(group.Key)).Raw("\">"u8);
            _labels.Write(group.Key);
            html.Raw("</a></td><td class=\"t\">"u8);
            clock.Write(group.PushedAt);
            html.Raw("</td></tr>\n"u8);
        }

        html.Raw("</tbody></table>\n"u8);
    }

    private void Flags()
    {
        if (status.Flags.Count == 0)
        {
            return;
        }

        if (status.GivenFlags is not { } names)
        {
            Heading("Settings");
            Table(status.Flags);
            return;
        }

        Heading("Flags that were given");
        KeyValuePair<string, string>[] given = [.. status.Flags.Where(flag => names.Contains(flag.Key))];
        if (given.Length > 0)
        {
            Table(given);
        }
        else
        {
            html.Raw("<p>None: all have their defaults.</p>\n"u8);
        }

        html.Raw("<details><summary>All "u8).Text(Words.Count(status.Flags.Count)).Raw(" flags</summary>\n"u8);
        Table(status.Flags);
        html.Raw("</details>\n"u8);
    }

    private void Facts(IEnumerable<StatusFact> facts)
    {
        html.Raw("<table><tbody>"u8);
        foreach (StatusFact fact in facts)
        {
            html.Raw("<tr><th scope=\"row\">"u8).Text(fact.Name).Raw("</th><td>"u8);
            if (fact.At is { } at)
            {
                clock.Write(at);
            }
            else
            {
                html.Cut(fact.Bytes is { } bytes ? Words.Size(bytes)
                    : fact.Lasts is { } time ? time > TimeSpan.Zero ? Words.Duration(time) : "none"
                    : fact.Text ?? "");
            }

            html.Raw("</td></tr>"u8);
        }

        html.Raw("</tbody></table>\n"u8);
    }

    private void Heading(string text) => html.Raw("<h2>"u8).Text(text).Raw("</h2>\n"u8);

    private void Table(IEnumerable<KeyValuePair<string, string>> rows) =>
        Facts(rows.Select(static row => new StatusFact(row.Key, row.Value)));
}
