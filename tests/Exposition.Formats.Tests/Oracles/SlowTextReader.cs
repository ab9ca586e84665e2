using System.Globalization;
using System.Text;
using Exposition.Formats.Go;

namespace Exposition.Formats.Tests.Oracles;

// The text format once more, one byte at a time and with nothing but strings and lists, so that it can be compared with the grammar by eye.
// Bytes are Latin-1 characters here. A byte of -1 is the end of the body. The order of the checks matters: the first error is the answer.
// It shares with the real reader only the quoting of messages (GoQuote, which has its own vectors) and the result type, filled at the end.
// Lenient reading differs: CR before LF belongs to the line end, the body's end ends a sample, blanks may trail a sample and a TYPE line, a
// line may begin with a byte order mark, a backslash that escapes nothing is one, NaN may have a sign; the first HELP and TYPE count, and
// what lines that stand apart have in common is put together at the end (SlowFamily.Settle).

/// <summary>
/// The oracle for text bodies of any kind, under both name schemes, strict and lenient: the families, or the first error.
/// </summary>
internal sealed partial class SlowTextReader
{
    private const int End = -1;
    private const string EndMessage = "unexpected end of input stream";

    private readonly string _body;
    private readonly bool _utf8;
    private readonly bool _lenient;
    private readonly List<SlowFamily> _families = [];
    private SlowFamily? _family;
    private string _part = "";
    private int _at;
    private int _line = 1;

    private SlowTextReader(string body, TextReadOptions options)
    {
        _body = body;
        _utf8 = options.Names == NameScheme.Utf8;
        _lenient = options.Lenient;
    }

    /// <summary>The families of a body, or null and what is wrong.</summary>
    public static FamilySet? Read(ReadOnlySpan<byte> body, TextReadOptions options, out FormatError error)
    {
        var reader = new SlowTextReader(Encoding.Latin1.GetString(body), options);
        error = default;
        try
        {
            while (reader.ReadLine())
            {
                reader._line = 1 + reader._body[..reader._at].Count(c => c == '\n');
            }

            if (options.Lenient)
            {
                reader.RefuseSwallowedLines();
                SlowFamily.Settle(reader._families);
            }

            return SlowFamily.Build(reader._families);
        }
        catch (RefusedException refusal)
        {
            error = new FormatError(refusal.Message, reader._line);
            return null;
        }
    }

    private int Now => _at < _body.Length ? _body[_at] : End;

    private bool AtLineEnd => Now == '\n' || (_lenient && _body.AsSpan(_at).StartsWith("\r\n"));

    private bool AtSampleEnd => AtLineEnd || (_lenient && Now == End);

    private void RefuseSwallowedLines()
    {
        string[] lines = _body.Split('\n');
        for (int i = 0; i < lines.Length && !_families.Exists(family => family.HasMetrics); i++)
        {
            string line = lines[i].TrimStart(' ', '\t');
            if (line.StartsWith('#')
                && (line[1..].Contains("# HELP ", StringComparison.Ordinal) || line[1..].Contains("# TYPE ", StringComparison.Ordinal)))
            {
                _line = i + 1;
                throw Refuse("no sample, and a comment holds another HELP or TYPE");
            }
        }
    }

    private static RefusedException Refuse(string message) => new(message);

    private static string Quote(string text) => GoQuote.Text(Encoding.Latin1.GetBytes(text));

    private string FamilyName => Quote(_family?.Name ?? "");

    // False at the end of the body.
    private bool ReadLine()
    {
        if (_lenient && _body.AsSpan(_at).StartsWith("\u00EF\u00BB\u00BF"))
        {
            _at += 3;
        }

        SkipBlanks();
        if (Now == End)
        {
            return false;
        }

        if (AtLineEnd)
        {
            TakeLineEnd();
        }
        else if (Now == '#')
        {
            ReadComment();
        }
        else
        {
            ReadSample();
        }

        return true;
    }

    private void SkipBlanks()
    {
        while (Now is ' ' or '\t')
        {
            _at++;
        }
    }

    private void TakeLineEnd() => _at += Now == '\r' ? 2 : Now == '\n' ? 1 : 0;

    // Everything up to the line end, which is taken, too.
    private string TakeRest(bool ofSample = false)
    {
        var rest = new StringBuilder();
        while (!(ofSample ? AtSampleEnd : AtLineEnd))
        {
            RequireMore();
            rest.Append((char)Now);
            _at++;
        }

        TakeLineEnd();
        return rest.ToString();
    }

    private void RequireMore()
    {
        if (Now == End)
        {
            throw Refuse(EndMessage);
        }
    }

    // Bytes up to a blank or the line end.
    private string TakeToken(bool ofSample)
    {
        var token = new StringBuilder();
        while (Now is not (' ' or '\t') && !(ofSample ? AtSampleEnd : AtLineEnd))
        {
            RequireMore();
            token.Append((char)Now);
            _at++;
        }

        return token.ToString();
    }

    private void ReadComment()
    {
        _at++;
        SkipBlanks();
        if (AtLineEnd)
        {
            TakeLineEnd();
            return;
        }

        string word = TakeToken(ofSample: false);
        if (AtLineEnd || word is not ("HELP" or "TYPE"))
        {
            TakeRest();
            return;
        }

        SkipBlanks();
        string? name = ReadName(isMetric: true, out bool quoted);
        if (AtLineEnd)
        {
            TakeLineEnd();
            return;
        }

        RequireMore();
        if (Now is not (' ' or '\t'))
        {
            throw Refuse("invalid metric name in comment");
        }

        FindFamily(name, quoted);
        SkipBlanks();
        if (AtLineEnd)
        {
            TakeLineEnd();
            return;
        }

        RequireMore();
        if (word == "HELP")
        {
            ReadHelp();
        }
        else
        {
            ReadType();
        }
    }

    private void ReadHelp()
    {
        if (_family!.Help is not null && _lenient)
        {
            TakeRest();
            return;
        }

        if (_family.Help is not null)
        {
            throw Refuse($"second HELP line for metric name {FamilyName}");
        }

        var help = new StringBuilder();
        while (!AtLineEnd)
        {
            RequireMore();
            help.Append(Now == '\\' ? TakeEscape() : (char)Now);
            _at++;
        }

        TakeLineEnd();
        _family.Help = help.ToString();
    }

    // At a backslash; leaves the position at the escaped byte.
    private char TakeEscape()
    {
        _at++;
        RequireMore();
        if (Now is 'n' or '\\' or '"')
        {
            return Now == 'n' ? '\n' : (char)Now;
        }

        if (!_lenient)
        {
            throw Refuse($"invalid escape sequence '\\{(char)Now}'");
        }

        _at--;
        return '\\';
    }

    private void ReadType()
    {
        if (_family!.Type is not null && !_lenient)
        {
            throw SecondType();
        }

        string rest = TakeRest();
        string word = (_lenient ? rest.TrimEnd(' ', '\t') : rest).Replace("\\", "", StringComparison.Ordinal);
        string letters = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(word)).Replace('\u0131', 'i').Replace('\u017F', 's');
        MetricType type = (letters.All(char.IsAscii) ? letters.ToUpperInvariant() : "") switch
        {
            "COUNTER" => MetricType.Counter,
            "GAUGE" => MetricType.Gauge,
            "SUMMARY" => MetricType.Summary,
            "UNTYPED" => MetricType.Untyped,
            "HISTOGRAM" => MetricType.Histogram,
            "GAUGE_HISTOGRAM" or "GAUGEHISTOGRAM" => MetricType.GaugeHistogram,
            _ => throw Refuse($"unknown metric type {Quote(word)}"),
        };
        if (_family.Type is null)
        {
            (_family.Type, _family.Declared) = (type, type);
        }
        else if (_part.Length == 0)
        {
            _family.Declared ??= type;
            if (_family.Declared != type && (SlowFamily.HasParts(type) || SlowFamily.HasParts(_family.Declared.Value)))
            {
                throw SecondType();
            }
        }
    }

    private RefusedException SecondType() => Refuse($"second TYPE line for metric name {FamilyName}, or TYPE reported after samples");

    // Unescaped; null if nothing is there that could begin a name.
    private string? ReadName(bool isMetric, out bool quoted)
    {
        quoted = false;
        if (!IsNameByte(Now, isMetric, first: true) && Now != '"')
        {
            return null;
        }

        var name = new StringBuilder();
        for (; Now == '"' || quoted || IsNameByte(Now, isMetric, first: false); _at++)
        {
            switch (Now)
            {
                case '"' when quoted:
                    _at++;
                    RequireMore();
                    return name.ToString();
                case '"':
                    quoted = true;
                    break;
                case '\n' when quoted:
                    throw Refuse($"{(isMetric ? "metric" : "label")} name {Quote(name.ToString())} contains unescaped new-line");
                default:
                    RequireMore();
                    name.Append(Now == '\\' ? TakeEscape() : (char)Now);
                    break;
            }
        }

        RequireMore();
        return name.ToString();
    }

    private static bool IsNameByte(int b, bool isMetric, bool first) =>
        b is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or '_' || (isMetric && b == ':') || (!first && b is >= '0' and <= '9');

    private bool IsValid(string name, bool isMetric) => name.Length > 0
        && (_utf8 ? IsUtf8(name) : name.Select((c, i) => IsNameByte(c, isMetric, i == 0)).All(fine => fine));

    private static bool IsUtf8(string text)
    {
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(Encoding.Latin1.GetBytes(text));
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private void FindFamily(string? name, bool quoted)
    {
        if (name is null || (quoted && !IsValid(name, isMetric: true)))
        {
            throw Refuse($"invalid metric name {Quote(name ?? "")}");
        }

        _part = "";
        _family = _families.Find(family => family.Name == name);
        foreach (string suffix in (string[])["_count", "_sum", "_bucket"])
        {
            if (_family is null && name.Length > suffix.Length && name.EndsWith(suffix, StringComparison.Ordinal))
            {
                _family = _families.Find(family => family.Name + suffix == name
                    && (family.IsHistogram || (family.Type == MetricType.Summary && suffix != "_bucket")));
                _part = _family is null ? "" : suffix;
            }
        }

        if (_family is null)
        {
            _family = new SlowFamily(name);
            _families.Add(_family);
        }
    }

    private void ReadSample()
    {
        var labels = new List<(string Name, string Value)>();
        double bound = double.NaN;
        bool named = Now != '{';
        if (named)
        {
            string? name = ReadName(isMetric: true, out bool quoted);
            if (name is null or { Length: 0 })
            {
                throw Refuse("invalid metric name");
            }

            FindFamily(name, quoted);
            _family!.Type ??= MetricType.Untyped;
            SkipBlanks();
        }

        if (Now == '{')
        {
            ReadLabels(named, labels, ref bound);
        }

        RequireMore();
        string token = TakeToken(ofSample: true);
        if (!ExactNumber.TryParse(Encoding.Latin1.GetBytes(token), out double value) && !(_lenient && IsNan(token, out value)))
        {
            throw Refuse($"expected float as value, got {Quote(token)}");
        }

        SlowMetric metric = _family!.Store(_part, labels, bound, value, FamilyName);
        ReadTimestamp(metric);
    }

    private void ReadTimestamp(SlowMetric metric)
    {
        if (_lenient)
        {
            SkipBlanks();
        }

        if (AtSampleEnd)
        {
            TakeLineEnd();
            return;
        }

        SkipBlanks();
        string token = TakeToken(ofSample: true);
        if (!IsTimestamp(token, out long timestamp))
        {
            throw Refuse($"expected integer as timestamp, got {Quote(token)}");
        }

        metric.Timestamp = timestamp;
        string rest = TakeRest(ofSample: true);
        if (_lenient ? rest.Trim(' ', '\t').Length > 0 : rest.Length > 0)
        {
            throw Refuse($"spurious string after timestamp: {Quote(rest.Replace("\\", "", StringComparison.Ordinal))}");
        }
    }

    private static bool IsNan(string token, out double value)
    {
        value = double.NaN;
        string word = token.StartsWith('-') || token.StartsWith('+') ? token[1..] : token;
        return word.ToLowerInvariant() is "nan" or "nan(ind)" or "nan(snan)";
    }

    private static bool IsTimestamp(string token, out long timestamp)
    {
        string digits = token.StartsWith('-') || token.StartsWith('+') ? token[1..] : token;
        timestamp = 0;
        return digits.Length > 0 && digits.All(char.IsAsciiDigit)
            && long.TryParse(token, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out timestamp);
    }
}
