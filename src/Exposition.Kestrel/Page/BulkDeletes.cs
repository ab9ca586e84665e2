using System.Globalization;

namespace Exposition.Kestrel.Page;

/// <summary>The buttons that delete many groups: none that the server would refuse, and none without the script that asks first.</summary>
/// <param name="html">Where to.</param>
/// <param name="list">What the list shows.</param>
/// <param name="canDelete">Whether single groups can be deleted.</param>
/// <param name="admin">What stands before the paths of the admin API, relative to the page; null where there is none.</param>
internal sealed class BulkDeletes(HtmlWriter html, ListAddress list, bool canDelete, string? admin)
{
    /// <summary>Writes them.</summary>
    /// <param name="total">How many groups the list is of.</param>
    public void Write(long total)
    {
        bool all = admin is not null && !list.IsFiltered;
        bool matching = admin is not null && list.HasMatchers && list.State is null;
        if (total == 0 || !canDelete)
        {
            return;
        }

        html.Raw("<div class=\"bulk js\"><button type=\"button\" class=\"danger\" id=\"selected\" data-do=\"some\" disabled>"u8)
            .Raw("Delete selected\u2026</button>"u8);
        if (matching)
        {
            html.Raw(" <button type=\"button\" class=\"danger\" data-do=\"matching\" data-address=\""u8)
                .Text($"{admin}api/v1/admin/groups?match[]={Uri.EscapeDataString(list.Match)}").Raw("\">Delete all "u8)
                .Text(Words.Count(total)).Raw(" matching\u2026</button>"u8);
        }

        if (all)
        {
            // The reference's words, which checks of a gateway's page look for.
            html.Raw(" <button type=\"button\" class=\"danger\" data-do=\"wipe\" data-address=\""u8).Text(admin + "api/v1/admin/wipe")
                .Raw("\" data-groups=\""u8).Text(total.ToString(CultureInfo.InvariantCulture)).Raw("\">Delete All Groups\u2026</button>"u8);
        }

        html.Raw(" <span class=\"help\">asks again, with the number of groups and their jobs</span></div>\n"u8);
    }
}
