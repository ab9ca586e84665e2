using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Engine.Reading;

namespace Exposition.Kestrel.Page;

/// <summary>When a group expires, and why then.</summary>
/// <param name="At">When it does, or did; null for never.</param>
/// <param name="IsOwn">Whether its last push has said so.</param>
/// <param name="Rule">Else the rule that has, as the flag spells it; null if there is none for it.</param>
internal readonly record struct GroupExpiry(DateTimeOffset? At, bool IsOwn, string? Rule)
{
    /// <summary>That of a group.</summary>
    /// <param name="finder">Knows the rules.</param>
    /// <param name="group">The group.</param>
    /// <param name="at">In nanoseconds since the Unix epoch; 0 for never.</param>
    public static GroupExpiry Of(GroupFinder finder, GroupSnapshot group, long at) => new(
        GroupCopies.MomentOf(at), group.HasExplicitExpiry,
        group.HasExplicitExpiry ? null : finder.RuleOf(group));

    /// <summary>Writes why.</summary>
    public void Describe(HtmlWriter html)
    {
        if (IsOwn)
        {
            html.Raw("its last push has said so (<code>Exposition-Expire-After</code>)"u8);
        }
        else if (Rule is { } rule)
        {
            html.Raw("rule <code><bdi>"u8).Cut(rule).Raw("</bdi></code>"u8);
        }
        else
        {
            html.Raw("no rule is for it"u8);
        }
    }
}
