using System.Text;

namespace Exposition.Gateway.CommandLine;

/// <summary>The text of <c>--help</c>.</summary>
internal static class Usage
{
    private const int Width = 80;
    private const int Column = 33;

    public static string Text(IEnumerable<Flag> table)
    {
        var text = new StringBuilder("usage: pushgateway [<flags>]\n\nThe Pushgateway\n\nFlags:\n");
        foreach (Flag flag in table)
        {
            string left = (flag.Short is { } letter ? $"  -{letter}, " : "      ") + (flag.IsSwitch ? "--[no-]" : "--") + flag.Name
                + flag.Shown;
            text.Append(left);
            if (left.Length > Column - 2)
            {
                text.Append("  \n").Append(' ', Column);
            }
            else
            {
                text.Append(' ', Column - left.Length);
            }

            text.AppendJoin("\n" + new string(' ', Column), Wrap(flag.Help)).Append('\n');
        }

        return text.Append('\n').ToString();
    }

    private static List<string> Wrap(string paragraph)
    {
        var lines = new List<string>();
        string line = "";
        foreach (string word in paragraph.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > Width - Column)
            {
                lines.Add(line);
                line = "";
            }

            line += (line.Length > 0 ? " " : "") + word;
        }

        lines.Add(line);
        return lines;
    }
}
