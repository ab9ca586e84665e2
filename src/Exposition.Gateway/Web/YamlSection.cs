using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Exposition.Gateway.Web;

/// <summary>A key of a mapping with its value: a scalar's text, a list of texts, or a mapping.</summary>
internal sealed record YamlEntry(string Key, long Line, string? Text, List<string>? List, YamlSection? Section);

// The subset of YAML that configuration needs: mappings of scalars, lists of scalars and mappings. Read from YamlDotNet's parser, so that
// quoting, block scalars and comments are those of YAML. Aliases are refused: nobody needs them here, and they make texts that grow.

/// <summary>A mapping that knows its lines and is strict about its keys.</summary>
internal sealed class YamlSection
{
    private const int MaxDepth = 8;

    private readonly List<YamlEntry> _entries = [];
    private readonly HashSet<string> _taken = [];
    private long _line;

    private YamlSection(string type) => Type = type;

    /// <summary>What the Pushgateway calls the section in its messages.</summary>
    public string Type { get; private set; }

    /// <summary>The entries in order.</summary>
    public IReadOnlyList<YamlEntry> Entries => _entries;

    /// <summary>Reads a document.</summary>
    /// <exception cref="WebConfigException">It is no YAML, or not of this form.</exception>
    public static YamlSection Parse(string text, string type)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
            {
                return new YamlSection(type);
            }

            parser.Consume<DocumentStart>();
            var root = new YamlSection(type);
            if (parser.TryConsume<MappingStart>(out MappingStart? _))
            {
                root.Read(parser, 0);
            }
            else if (!parser.TryConsume<Scalar>(out Scalar? scalar) || !IsNull(scalar))
            {
                throw new WebConfigException($"line 1: expected a mapping of keys to values");
            }

            parser.Consume<DocumentEnd>();
            return parser.Accept<DocumentStart>(out DocumentStart? second)
                ? throw Error(second!.Start, "expected a single document")
                : root;
        }
        catch (YamlException e)
        {
            throw new WebConfigException($"yaml: line {e.Start.Line}: {e.Message}");
        }
        catch (Exception e) when (
            e is InvalidOperationException or ArgumentException or ArithmeticException or FormatException or IndexOutOfRangeException)
        {
            // The parser stumbles over some texts that are no YAML.
            throw new WebConfigException($"yaml: line {parser.Current?.End.Line ?? 1}: not understood");
        }
    }

    /// <summary>The section below a key; an empty one if the key is missing or has no value.</summary>
    public YamlSection Section(string key, string type)
    {
        YamlEntry? entry = Take(key);
        if (entry is null or { Text: "" })
        {
            return new YamlSection(type);
        }

        YamlSection section = entry.Section ?? throw Error(entry, "a mapping");
        section.Type = type;
        return section;
    }

    /// <summary>The text of a key; empty if it is missing.</summary>
    public string Text(string key) => Take(key) is { } entry ? entry.Text ?? throw Error(entry, "a text") : "";

    /// <summary>The texts of a key.</summary>
    public IReadOnlyList<string> List(string key) =>
        Take(key) switch
        {
            null or { Text: "" } => [],
            { } entry => entry.List ?? throw Error(entry, "a list"),
        };

    /// <summary>The truth value of a key, in the words of YAML 1.1.</summary>
    public bool Bool(string key, bool missing)
    {
        YamlEntry? entry = Take(key);
        return entry?.Text?.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" or "y" => true,
            "false" or "no" or "off" or "n" => false,
            _ when entry is null or { Text: "" } => missing,
            _ => throw Error(entry, "true or false"),
        };
    }

    /// <summary>The whole number of a key; 0 if it is missing.</summary>
    public int Int(string key)
    {
        YamlEntry? entry = Take(key);
        return entry is null or { Text: "" } ? 0
            : int.TryParse(entry.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) ? value
            : throw Error(entry, "a whole number");
    }

    /// <summary>The line of a key, for messages.</summary>
    public long LineOf(string key) => _entries.Find(entry => entry.Key == key)?.Line ?? 0;

    /// <summary>A fault of the section as a whole.</summary>
    public WebConfigException Fault(string why) => new($"line {Math.Max(1, _line)}: {why}");

    /// <summary>A fault of a key's value.</summary>
    public WebConfigException Fault(string key, string why) => new($"line {LineOf(key)}: {key}: {why}");

    /// <summary>Refuses all keys that were not asked for.</summary>
    public void RefuseOthers()
    {
        if (_entries.Find(entry => !_taken.Contains(entry.Key)) is { } unknown)
        {
            throw new WebConfigException($"yaml: unmarshal errors: line {unknown.Line}: field {unknown.Key} not found in type {Type}");
        }
    }

    private static bool IsNull(Scalar scalar) =>
        scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL";

    private static WebConfigException Error(Mark at, string why) => new($"line {at.Line}: {why}");

    private static WebConfigException Error(YamlEntry entry, string expected) =>
        new($"line {entry.Line}: {entry.Key}: expected {expected}");

    private YamlEntry? Take(string key)
    {
        _taken.Add(key);
        return _entries.Find(entry => entry.Key == key);
    }

    private void Read(IParser parser, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new WebConfigException($"line {parser.Current?.Start.Line}: nested too deep");
        }

        while (!parser.TryConsume<MappingEnd>(out MappingEnd? _))
        {
            Scalar key = ConsumeScalar(parser, "a key");
            if (_entries.Exists(entry => entry.Key == key.Value))
            {
                throw new WebConfigException(
                    $"yaml: unmarshal errors: line {key.Start.Line}: field {key.Value} already set in type {Type}");
            }

            _entries.Add(ReadValue(parser, key, depth));
        }
    }

    private static YamlEntry ReadValue(IParser parser, Scalar key, int depth)
    {
        if (parser.TryConsume<MappingStart>(out MappingStart? _))
        {
            var section = new YamlSection(key.Value) { _line = key.Start.Line };
            section.Read(parser, depth + 1);
            return new YamlEntry(key.Value, key.Start.Line, null, null, section);
        }

        if (parser.TryConsume<SequenceStart>(out SequenceStart? _))
        {
            var list = new List<string>();
            while (!parser.TryConsume<SequenceEnd>(out SequenceEnd? _))
            {
                list.Add(ConsumeScalar(parser, "a text").Value);
            }

            return new YamlEntry(key.Value, key.Start.Line, null, list, null);
        }

        Scalar value = ConsumeScalar(parser, "a value");
        return new YamlEntry(key.Value, key.Start.Line, IsNull(value) ? "" : value.Value, null, null);
    }

    private static Scalar ConsumeScalar(IParser parser, string expected) =>
        parser.TryConsume<Scalar>(out Scalar? scalar) ? scalar
        : throw new WebConfigException($"line {parser.Current?.Start.Line}: expected {expected}"
            + (parser.Current is AnchorAlias ? ", got an alias (aliases are not supported)" : ""));
}
