using System.Buffers.Text;
using System.Globalization;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Api;

namespace Exposition.Kestrel.Page;

/// <summary>What of a group fits on a page.</summary>
/// <param name="Lines">Lines that were written.</param>
/// <param name="IsComplete">Whether that was the rest of the group.</param>
internal readonly record struct CardSize(int Lines, bool IsComplete);

/// <summary>A group on the page: its labels, whether its last push failed, when it expires, its families.</summary>
/// <param name="html">Where it is written.</param>
/// <param name="zone">The zone of its times.</param>
/// <param name="unescapesNames">Whether the push routes undo the U__ form of label names.</param>
/// <param name="deletes">What stands before the paths of deletes, relative to the page; null where there are none.</param>
internal sealed class GroupCard(HtmlWriter html, TimeZoneInfo zone, bool unescapesNames, string? deletes)
{
    private const int MostHidden = 20;

    private readonly FamilySet _set = new();
    private readonly SeriesTable _table = new(html);

    /// <summary>The group's name in a page address.</summary>
    public static string Id(GroupingKey key) => Base64Url.EncodeToString(key.Bytes);

    /// <summary>The group that a page address names.</summary>
    public static bool TryParseId(string id, out GroupingKey? key)
    {
        key = null;
        return Base64Url.IsValid(id) && GroupingKey.TryCreate(Base64Url.DecodeFromChars(id), out key);
    }

    /// <summary>Writes a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="expiresAt">When it expires, in nanoseconds since the Unix epoch; 0 for never.</param>
    /// <param name="open">Whether it is shown unfolded.</param>
    /// <param name="skip">Lines (series, and one per family) to leave out at the start.</param>
    /// <param name="budget">The most lines to write.</param>
    /// <param name="end">Where the page must end: from so many bytes on no further family or series is begun.</param>
    public CardSize Write(GroupSnapshot group, long expiresAt, bool open, int skip, int budget, long end)
    {
        html.Raw("<details class=\"group\""u8).Raw(open ? " open"u8 : ""u8).Raw("><summary>"u8);
        Labels(group.Key);
        if (!group.LastPushSuccessful)
        {
            html.Raw(" <strong class=\"failed\">Last push failed!</strong>"u8);
        }

        if (group.IsExpired)
        {
            html.Raw(" <strong class=\"failed\">Expired!</strong>"u8);
        }

        html.Raw("</summary>\n"u8);
        Notes(group, expiresAt);
        if (deletes is not null)
        {
            html.Raw("<p><button type=\"button\" class=\"danger\" data-delete=\""u8)
                .Text(deletes + DeletePath.Of(group.Key, unescapesNames)).Raw("\" data-group=\""u8).Cut(group.Key.ToString())
                .Raw("\">Delete group</button></p>\n"u8);
        }

        int seen = 0;
        int written = 0;
        int families = group.Families.Length;
        int f = 0;
        for (; f < families && written < budget && html.Written < end; f++)
        {
            FamilyEntry family = group.Families[f];
            int size = 1 + family.SampleCount;
            if (seen + size > skip)
            {
                written += Family(family, Math.Max(skip - seen, 0), budget - written, end);
            }

            seen += size;
        }

        // The last family counts as cut if not all of its lines were within reach.
        bool complete = f == families && seen <= skip + written;
        if (!complete)
        {
            html.Raw("<p class=\"note\">More of this group: <a href=\"?group="u8).Text(Id(group.Key)).Raw("&amp;from="u8)
                .Text((skip + Math.Max(written, 1)).ToString(CultureInfo.InvariantCulture)).Raw("\">next part</a></p>\n"u8);
        }

        html.Raw("</details>\n"u8);
        return new CardSize(written, complete);
    }

    private void Notes(GroupSnapshot group, long expiresAt)
    {
        if (expiresAt > 0)
        {
            html.Raw("<p class=\"note\">"u8).Raw(group.IsExpired ? "Its metrics expired: "u8 : "Its metrics expire: "u8)
                .Text(GoTime.Seconds(expiresAt, zone)).Raw("</p>\n"u8);
        }

        if (group.LastFailure is { } failure)
        {
            html.Raw("<p class=\"note\">Last refused push: "u8).Text(GoTime.Seconds(failure.At, zone)).Raw(" from "u8)
                .Text(failure.Sender ?? "an unknown address").Raw(": "u8).Cut(failure.Reason).Raw("</p>\n"u8);
        }

        int hiddenFamilies = 0;
        foreach (HiddenFamily hidden in group.Hidden)
        {
            if (++hiddenFamilies <= MostHidden)
            {
                html.Raw("<p class=\"note\">Left out of scrapes: <code>"u8).Cut(hidden.Name.Span).Raw("</code>: "u8).Cut(hidden.Reason)
                    .Raw("</p>\n"u8);
            }
        }

        html.Rest(hiddenFamilies, MostHidden);
    }

    private void Labels(GroupingKey key)
    {
        // The job first, then the others by name.
        int labels = 0;
        foreach (bool job in (ReadOnlySpan<bool>)[true, false])
        {
            foreach (GroupingLabel label in key.Labels)
            {
                if (label.Name.SequenceEqual("job"u8) == job && ++labels <= SeriesTable.MostLabels)
                {
                    html.Raw("<code class=\"label "u8).Raw(job ? "job"u8 : "other"u8).Raw("\">"u8).Cut(label.Name).Raw("=&#34;"u8)
                        .Cut(label.Value).Raw("&#34;</code> "u8);
                }
            }
        }

        html.Rest(labels, SeriesTable.MostLabels);
    }

    private int Family(in FamilyEntry family, int skip, int budget, long end)
    {
        html.Raw("<details class=\"family\"><summary><code>"u8).Cut(family.Name.Span).Raw("</code> <span class=\"type\">"u8)
            .Text(MetricsJson.TypeName(family.Type)).Raw("</span> "u8);
        if (family.HasHelp)
        {
            html.Raw("<span class=\"help\">"u8).Cut(family.Help.Span).Raw("</span> "u8);
        }

        html.Raw("<span class=\"pushed\">last pushed: "u8).Text(GoTime.Seconds(family.PushedAt, zone)).Raw("</span></summary>\n"u8);
        int written = skip == 0 ? 1 : 0;
        if (family.SampleCount > 0 && budget > written)
        {
            family.Read(_set);
            written += _table.Write(_set, Math.Max(skip - 1, 0), budget - written, end);
        }

        html.Raw("</details>\n"u8);
        return written;
    }
}
