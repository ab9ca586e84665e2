using System.Buffers;
using System.Diagnostics;
using System.Text;

namespace Exposition.Formats.Rows;

/// <summary>A set as a debugger shows it: each family as the text that it would be written as.</summary>
internal sealed class FamilySetView(FamilySet set)
{
    [DebuggerBrowsable(DebuggerBrowsableState.RootHidden)]
    public string[] Families => [.. Enumerable.Range(0, set.Families.Length).Select(TextOf)];

    private string TextOf(int family)
    {
        var text = new ArrayBufferWriter<byte>();
        FamilyRow row = set.Families[family];
        TextFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.AllowUtf8, text);
        TextFormat.WriteSamples(set, family, EscapingScheme.AllowUtf8, text);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
