using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Exposition.Engine.Expiry;

/// <summary>Reads a selector; the grammar stands at <see cref="GroupSelector"/>.</summary>
internal sealed class SelectorReader(string text)
{
    // Linear in time, as RE2 is; what that rules out (back references, lookarounds) is an error here too, and so is what would need huge
    // automata.
    private const RegexOptions Dialect = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    private const string MetricName = "__name__";

    private int _at;
    private string? _error;
    private bool _isOfNames;

    public bool TryRead([NotNullWhen(true)] out GroupSelector? selector, [NotNullWhen(false)] out string? error)
    {
        selector = text.Length > GroupSelector.MaxLength
            ? null
            : Read() is { } matchers ? new GroupSelector(matchers) : null;
        error = selector is not null ? null
            : text.Length > GroupSelector.MaxLength ? $"selector is longer than {GroupSelector.MaxLength} characters"
            : _error!;
        return selector is not null;
    }

    /// <summary>Reads one that chooses families by their names.</summary>
    public bool TryReadNames([NotNullWhen(true)] out LabelMatcher[]? matchers, [NotNullWhen(false)] out string? error)
    {
        _isOfNames = true;
        matchers = text.Length > GroupSelector.MaxLength
            ? Fail<LabelMatcher[]>($"longer than {GroupSelector.MaxLength} characters") : Read();
        error = matchers is null ? _error! : null;
        return matchers is not null;
    }

    private LabelMatcher[]? Read()
    {
        var matchers = new List<LabelMatcher>();
        if (!Take('{'))
        {
            return Fail<LabelMatcher[]>("expected '{'");
        }

        while (!Take('}'))
        {
            if (matchers.Count == GroupSelector.MaxMatchers)
            {
                return Fail<LabelMatcher[]>($"more than {GroupSelector.MaxMatchers} matchers");
            }

            if (ReadMatcher() is not { } matcher)
            {
                return null;
            }

            matchers.Add(matcher);
            if (!Take(',') && Peek() != '}')
            {
                return Fail<LabelMatcher[]>("expected ',' or '}'");
            }
        }

        return Peek() == '\0' && _at == text.Length ? [.. matchers] : Fail<LabelMatcher[]>("expected nothing after '}'");
    }

    private LabelMatcher? ReadMatcher()
    {
        _ = Peek();
        int named = _at;
        if (ReadName() is not { } name)
        {
            return null;
        }

        if ((name == MetricName) != _isOfNames)
        {
            _at = named;
            return Fail<LabelMatcher>(_isOfNames
                ? "families are chosen by their names, __name__, alone" : "groups are chosen by their labels, not by names of metrics");
        }

        bool negated = Peek() == '!';
        bool match = false;
        if (negated)
        {
            _at++;
            match = _at < text.Length && text[_at] == '~';
            if (!match && (_at == text.Length || text[_at] != '='))
            {
                return Fail<LabelMatcher>("expected '!=' or '!~'");
            }

            _at++;
        }
        else if (Peek() == '=')
        {
            _at++;
            match = _at < text.Length && text[_at] == '~';
            _at += match ? 1 : 0;
        }
        else
        {
            return Fail<LabelMatcher>("expected '=', '!=', '=~' or '!~'");
        }

        _ = Peek();
        int start = _at;
        if (ReadString("a quoted value") is not { } value)
        {
            return null;
        }

        if (!match)
        {
            return new LabelMatcher(name, value, negated, null);
        }

        return Compile(value, start) is { } expression ? new LabelMatcher(name, value, negated, expression) : null;
    }

    private string? ReadName()
    {
        if (Peek() is '"' or '\'' or '`')
        {
            return ReadString("a label name") is not { } quoted ? null : quoted.Length > 0 ? quoted : Fail<string>("label name is empty");
        }

        int start = _at;
        while (_at < text.Length && (char.IsAsciiLetter(text[_at]) || text[_at] == '_' || (_at > start && char.IsAsciiDigit(text[_at]))))
        {
            _at++;
        }

        return _at > start ? text[start.._at] : Fail<string>("expected a label name or '}'");
    }

    private string? ReadString(string what)
    {
        char quote = Peek();
        if (quote is not ('"' or '\'' or '`'))
        {
            return Fail<string>("expected " + what);
        }

        int start = _at++;
        var value = new StringBuilder();
        while (_at < text.Length && text[_at] != quote)
        {
            char c = text[_at++];
            if (c == '\n' && quote != '`')
            {
                _at = text.Length;
                break;
            }

            if (c != '\\' || quote == '`')
            {
                value.Append(c);
            }
            else if (!TryUnescape(value))
            {
                return null;
            }
        }

        if (_at == text.Length || text[_at] != quote)
        {
            _at = start;
            return Fail<string>("string without an end");
        }

        _at++;
        string read = value.ToString();
        if (read.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') && !IsValid(read))
        {
            _at = start;
            return Fail<string>("string with half a character");
        }

        return read;
    }

    private bool TryUnescape(StringBuilder value)
    {
        char c = _at < text.Length ? text[_at] : '\0';
        int digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
        if (digits > 0)
        {
            if (_at + digits < text.Length
                && int.TryParse(text.AsSpan(_at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
                && Rune.IsValid(code))
            {
                value.Append(new Rune(code).ToString());
                _at += digits + 1;
                return true;
            }

            return Fail<string>($"expected {digits} hexadecimal digits of a character") is not null;
        }

        char plain = c switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\a',
            'b' => '\b',
            'f' => '\f',
            'v' => '\v',
            '\\' or '"' or '\'' => c,
            _ => '\0',
        };
        if (plain == '\0')
        {
            return Fail<string>(_at < text.Length ? $"unknown escape \\{c}" : "string without an end") is not null;
        }

        value.Append(plain);
        _at++;
        return true;
    }

    private Regex? Compile(string pattern, int start)
    {
        try
        {
            // Alone first, so that a stray parenthesis cannot pair with those put around it.
            _ = new Regex(pattern, Dialect);
            if (!pattern.Contains("[[:", StringComparison.Ordinal))
            {
                return new Regex($@"\A(?s:{pattern})\z", Dialect);
            }

            _at = start;
            return Fail<Regex>("character classes such as [[:alpha:]] are not supported");
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            _at = start;
            return Fail<Regex>("regular expression: " + e.Message);
        }
    }

    private static bool IsValid(string read)
    {
        for (int i = 0; i < read.Length; i += char.IsSurrogate(read[i]) ? 2 : 1)
        {
            if (char.IsSurrogate(read[i]) && !(i + 1 < read.Length && char.IsSurrogatePair(read[i], read[i + 1])))
            {
                return false;
            }
        }

        return true;
    }

    // The next character that is not a blank, or NUL at the end.
    private char Peek()
    {
        while (_at < text.Length && text[_at] is ' ' or '\t' or '\n' or '\r')
        {
            _at++;
        }

        return _at < text.Length ? text[_at] : '\0';
    }

    private bool Take(char c)
    {
        bool taken = Peek() == c && _at < text.Length;
        _at += taken ? 1 : 0;
        return taken;
    }

    private T? Fail<T>(string why)
        where T : class
    {
        _error = string.Create(CultureInfo.InvariantCulture, $"selector, character {_at + 1}: {why}");
        return null;
    }
}
