using System.Runtime.InteropServices;
using System.Text;
using Exposition.Formats.OpenMetrics;

namespace Exposition.Formats.Meters;

/// <summary>The labels of one exemplar: those of its trace first, then others as far as there is room. Used again.</summary>
/// <param name="escaping">How names are written, which is how they count, and are told from one another.</param>
internal sealed class ExemplarLabels(EscapingScheme escaping)
{
    private readonly List<Label> _labels = [];
    private readonly HashSet<string> _names = [];
    private int _left;

    /// <summary>What has found room.</summary>
    public ReadOnlySpan<Label> Span => CollectionsMarshal.AsSpan(_labels);

    /// <summary>Begins an exemplar.</summary>
    public void Clear()
    {
        _labels.Clear();
        _names.Clear();
        _left = Exemplar.MostCharacters;
    }

    /// <summary>Adds what leads to its trace.</summary>
    public void AddTrace(string traceId, string spanId)
    {
        Add("trace_id", traceId);
        Add("span_id", spanId);
    }

    /// <summary>Adds a label, unless there is no room for it, or one of its name, or its name is none that a label may have.</summary>
    public void Add(string name, string value)
    {
        string written = Written(name, out bool isValid);
        int characters = Count(written) + Count(value);
        if (isValid && characters <= _left && _names.Add(written))
        {
            _labels.Add(new Label(name, value));
            _left -= characters;
        }
    }

    private string Written(string name, out bool isValid)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        byte[] escaped = new byte[NameRules.MaxEscapedLength(utf8.Length)];
        ReadOnlySpan<byte> written = escaped.AsSpan(0, NameRules.Escape(utf8, escaping, escaped));
        isValid = NameRules.FaultOfLabel(written) is null;
        return Encoding.UTF8.GetString(written);
    }

    private static int Count(string text)
    {
        int count = 0;
        foreach (Rune _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }
}
