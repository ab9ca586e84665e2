using System.Text;
using Exposition.Formats.Go;

namespace Exposition.Formats.Tests.Oracles;

// labels = "{" [ element *( "," element ) [ "," ] ] "}", an element being a pair or, on a line that begins with "{", the metric's name.

internal sealed partial class SlowTextReader
{
    // From "{" to behind "}" and its blanks. A metric name among the labels turns the bound of its type, if it came before, into one.
    private void ReadLabels(bool named, List<(string Name, string Value)> labels, ref double bound)
    {
        bool nameInside = !named;
        var names = new List<string>();
        while (Now != '}')
        {
            _at++;
            SkipBlanks();
            if (Now == '}')
            {
                break;
            }

            RequireMore();
            string? name = ReadName(isMetric: false, out bool quoted);
            if (name is null or { Length: 0 })
            {
                throw Refuse($"invalid label name for metric {FamilyName}");
            }

            SkipBlanks();
            RequireMore();
            if (Now == '=')
            {
                ReadPair(name, quoted, named ? _family!.BoundName : null, names, labels, ref bound);
            }
            else if (!nameInside)
            {
                throw Refuse($"expected '=' after label name, found {GoQuote.Byte((byte)Now)}");
            }
            else if (named)
            {
                throw Refuse($"multiple metric names for metric {FamilyName}");
            }
            else if (Now is not (',' or '}'))
            {
                throw Refuse($"unexpected end of metric name {GoQuote.Byte((byte)Now)}");
            }
            else
            {
                named = true;
                FindFamily(name, quoted);
                _family!.Type ??= MetricType.Untyped;
                int early = labels.FindIndex(label => label.Name == _family.BoundName);
                if (early >= 0)
                {
                    bound = ParseBound(labels[early]);
                    labels.RemoveAt(early);
                }
            }
        }

        if (!named)
        {
            throw Refuse("invalid metric name");
        }

        _at++;
        SkipBlanks();
    }

    private void ReadPair(
        string name, bool quoted, string? boundName, List<string> names, List<(string Name, string Value)> labels, ref double bound)
    {
        if (name == "__name__")
        {
            throw Refuse("label name \"__name__\" is reserved");
        }

        if (quoted && !IsValid(name, isMetric: false))
        {
            throw Refuse($"invalid label name {Quote(name)}");
        }

        if (names.Contains(name) && name != boundName)
        {
            throw Refuse($"duplicate label names for metric {FamilyName}");
        }

        names.Add(name);
        _at++;
        SkipBlanks();
        RequireMore();
        if (Now != '"')
        {
            throw Refuse($"expected '\"' at start of label value, found {GoQuote.Byte((byte)Now)}");
        }

        string value = ReadLabelValue();
        if (name == boundName)
        {
            bound = ParseBound((name, value));
        }
        else
        {
            labels.Add((name, value));
        }

        SkipBlanks();
        RequireMore();
        if (Now is not (',' or '}'))
        {
            throw Refuse($"unexpected end of label value {Quote(value)}");
        }
    }

    private string ReadLabelValue()
    {
        var value = new StringBuilder();
        for (_at++; Now != '"'; _at++)
        {
            RequireMore();
            if (Now == '\n')
            {
                throw Refuse($"label value {Quote(value.ToString())} contains unescaped new-line");
            }

            value.Append(Now == '\\' ? TakeEscape() : (char)Now);
        }

        _at++;
        return IsUtf8(value.ToString()) ? value.ToString() : throw Refuse($"invalid label value {Quote(value.ToString())}");
    }

    private static double ParseBound((string Name, string Value) label) =>
        ExactNumber.TryParse(Encoding.Latin1.GetBytes(label.Value), out double bound)
        ? bound
        : throw Refuse($"expected float as value for '{label.Name}' label, got {Quote(label.Value)}");
}
