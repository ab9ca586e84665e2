using System.Text;
using Exposition.Formats.Go;
using Exposition.Formats.Meters;

namespace Exposition.Formats.Translation;

// The rules are those of Prometheus for what it is sent (its translation strategies), which differ from those by which SDKs expose: a word
// of the unit counts as said wherever it stands in the name, "total" is taken out wherever it stands, a part of a unit with braces is none,
// and a label does not begin with a digit but with "key_".

/// <summary>Names of families and labels from those of metrics and attributes that are sent with OTLP.</summary>
/// <param name="escapes">Whether what is not in the old alphabet becomes underscores.</param>
/// <param name="suffixes">Whether units and types are appended.</param>
internal sealed class OtlpNames(bool escapes, bool suffixes)
{
    private const string Total = "total";
    private const string Ratio = "ratio";

    /// <summary>The name of a family.</summary>
    /// <param name="name">The metric's name.</param>
    /// <param name="unit">Its unit in UCUM.</param>
    /// <param name="isCounter">Whether it is a sum that only goes up.</param>
    /// <param name="isGauge">Whether it is a gauge.</param>
    /// <exception cref="ArgumentException">Nothing is left of it.</exception>
    public string OfFamily(string name, string unit, bool isCounter, bool isGauge)
    {
        string made = !escapes ? Kept(name, unit, isCounter, isGauge)
            : suffixes ? Normal(name, unit, isCounter, isGauge)
            : StartsWithDigit(Joined(name)) ? "_" + Joined(name) : Joined(name);
        return made.Length == 0 ? throw new ArgumentException($"the name {GoQuote.Text(name)} leaves nothing that names a metric")
            : escapes && made != name && made.AsSpan().IndexOfAnyExcept('_') < 0
                ? throw new ArgumentException($"the name {GoQuote.Text(name)} becomes {made}, which names no metric")
            : made;
    }

    /// <summary>The name of an attribute's label.</summary>
    /// <exception cref="ArgumentException">Nothing is left of it.</exception>
    public string OfLabel(string key)
    {
        string made = escapes ? Escaped(key) : key;
        return made.AsSpan().IndexOfAnyExcept('_') >= 0 ? made : throw new ArgumentException(
            key.Length == 0 ? "the key of an attribute is empty"
                : $"the attribute {GoQuote.Text(key)} becomes {made}, which names no label");
    }

    /// <summary>The words of a unit; empty for none.</summary>
    public string OfUnit(string unit)
    {
        (string what, string per) = Words(unit);
        if (escapes)
        {
            (what, per) = (Cleaned(what), Cleaned(per));
        }

        string words = what.Length > 0 && per.Length > 0 ? $"{what}_{per}" : what + per;
        words = words.StartsWith('_') ? words[1..] : words;
        return words.EndsWith('_') ? words[..^1] : words;
    }

    private static string Normal(string name, string unit, bool isCounter, bool isGauge)
    {
        List<string> tokens = [.. Pieces(name, underscores: false)];
        (string what, string per) = Words(unit);
        what = Cleaned(what);
        per = Cleaned(per);
        per = per == "per_" ? "" : per.EndsWith('_') ? per[..^1] : per;
        what = tokens.Contains(what) ? "" : per.Length > 0 && !tokens.Contains(per) && what.EndsWith('_') ? what[..^1] : what;
        per = tokens.Contains(per) ? "" : per;
        tokens.AddRange(((string[])[what, per]).Where(static word => word.Length > 0));
        if (isCounter)
        {
            MoveToEnd(tokens, Total);
        }

        if (isGauge && unit == "1")
        {
            MoveToEnd(tokens, Ratio);
        }

        string made = string.Join('_', tokens);
        return StartsWithDigit(made) ? "_" + made : made;
    }

    private string Kept(string name, string unit, bool isCounter, bool isGauge)
    {
        if (!suffixes)
        {
            return name;
        }

        // From the outside to the inside, and then back.
        string end = isCounter ? Total : isGauge && unit == "1" ? Ratio : "";
        string stem = end.Length > 0 ? Without(name, end) : name;
        (string what, string per) = Words(unit);
        stem = per.Length > 0 ? Without(stem, per) : stem;
        stem = what.Length > 0 && !stem.EndsWith(what, StringComparison.Ordinal) ? $"{stem}_{what}" : stem;
        return string.Join('_', ((string[])[stem, per, end]).Where(static (word, at) => at == 0 || word.Length > 0));
    }

    // With what stands before it.
    private static string Without(string name, string end) =>
        name.Length > end.Length + 1 && name.EndsWith(end, StringComparison.Ordinal) ? name[..^(end.Length + 1)] : name;

    private static void MoveToEnd(List<string> tokens, string word)
    {
        tokens.RemoveAll(token => token == word);
        tokens.Add(word);
    }

    private static (string What, string Per) Words(string unit)
    {
        int slash = unit.IndexOf('/', StringComparison.Ordinal);
        string what = (slash < 0 ? unit : unit[..slash]).Trim();
        string per = slash < 0 ? "" : unit[(slash + 1)..].Trim();
        what = IsNote(what) ? "" : what switch
        {
            // As Prometheus has these.
            "TiBy" => "tibibytes",
            "kBy" => what,
            _ => UnitNames.WordOf(what),
        };
        return (what, IsNote(per) || per.Length == 0 ? "" : "per_" + (per == "min" ? per : UnitNames.PerWordOf(per)));
    }

    private static bool IsNote(string unit) => unit.AsSpan().ContainsAny('{', '}');

    // Runs of underscores become one, and none stands in front.
    private static string Cleaned(string unit)
    {
        var made = new StringBuilder(unit.Length);
        foreach (Rune rune in unit.EnumerateRunes())
        {
            bool isRight = IsPlain(rune, colon: true);
            if (isRight || made.Length == 0 || made[^1] != '_')
            {
                made.Append(isRight ? (char)rune.Value : '_');
            }
        }

        return made.Length > 0 && made[0] == '_' ? made.ToString(1, made.Length - 1) : made.ToString();
    }

    private static string Joined(string name) => string.Join('_', Pieces(name, underscores: true));

    private static IEnumerable<string> Pieces(string name, bool underscores)
    {
        var piece = new StringBuilder();
        foreach (Rune rune in name.EnumerateRunes())
        {
            if (IsPlain(rune, colon: true) || (underscores && rune.Value == '_'))
            {
                piece.Append((char)rune.Value);
            }
            else if (piece.Length > 0)
            {
                yield return piece.ToString();
                piece.Clear();
            }
        }

        if (piece.Length > 0)
        {
            yield return piece.ToString();
        }
    }

    // Two underscores around a name are left there.
    private static string Escaped(string key)
    {
        bool isReserved = key.Length >= 4 && key.StartsWith("__", StringComparison.Ordinal) && key.EndsWith("__", StringComparison.Ordinal);
        string inner = isReserved ? key[2..^2] : key;
        var made = new StringBuilder(key.Length + 4);
        bool isBehind = false;
        foreach (Rune rune in inner.EnumerateRunes())
        {
            bool isRight = IsPlain(rune, colon: false);
            if (isRight || !isBehind)
            {
                made.Append(isRight ? (char)rune.Value : '_');
            }

            isBehind = !isRight;
        }

        return isReserved ? $"__{made}__" : made.Length > 0 && char.IsAsciiDigit(made[0]) ? "key_" + made : made.ToString();
    }

    private static bool StartsWithDigit(string name) => name.Length > 0 && char.IsAsciiDigit(name[0]);

    private static bool IsPlain(Rune rune, bool colon) =>
        rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || (colon && rune.Value == ':'));
}
