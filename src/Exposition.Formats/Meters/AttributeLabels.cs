using System.Text;

namespace Exposition.Formats.Meters;

/// <summary>
/// The labels of one series: sorted, without empty values, which are none for Prometheus. Attributes whose labels get one name share it,
/// with their values joined by semicolons in the order of the attributes' keys. Used again for series after series.
/// </summary>
/// <param name="nameOf">How keys become names; an <see cref="ArgumentException"/> of it is the caller's.</param>
/// <param name="reserved">Names of the group's labels. The gateway would overwrite them, and so make one of two series.</param>
internal sealed class AttributeLabels(Func<string, string> nameOf, IReadOnlySet<string> reserved)
{
    private const string Exported = "exported_";

    private readonly SortedDictionary<string, string> _byKey = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _labels = new(StringComparer.Ordinal);
    private readonly StringBuilder _key = new();

    /// <summary>Begins a series.</summary>
    public void Clear() => _byKey.Clear();

    /// <summary>Adds an attribute; of several with one key the last counts.</summary>
    public void Add(string key, string value) => _byKey[key] = value;

    /// <summary>The labels of the attributes that were added.</summary>
    /// <param name="bound">The name that points of the family's type have: <c>le</c> or <c>quantile</c>; null for none.</param>
    /// <param name="key">Equal for equal labels only.</param>
    public Label[] Take(string? bound, out string key)
    {
        _labels.Clear();
        foreach ((string attribute, string value) in _byKey)
        {
            if (value.Length > 0)
            {
                string name = NameOf(attribute, bound);
                string text = Clean(value);
                _labels[name] = _labels.TryGetValue(name, out string? other) ? $"{other};{text}" : text;
            }
        }

        _key.Clear();
        var labels = new Label[_labels.Count];
        int at = 0;
        foreach ((string name, string value) in _labels)
        {
            labels[at++] = new Label(name, value);
            _key.Append(name.Length).Append(':').Append(name).Append(value.Length).Append(':').Append(value);
        }

        key = _key.ToString();
        return labels;
    }

    /// <summary>Text with U+FFFD in the place of what is no Unicode.</summary>
    public static string Clean(string text)
    {
        foreach (char c in text)
        {
            if (char.IsSurrogate(c))
            {
                return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            }
        }

        return text;
    }

    private string NameOf(string attribute, string? bound)
    {
        string name = nameOf(Clean(attribute));
        while (reserved.Contains(name) || name == bound)
        {
            name = Exported + name;
        }

        return name;
    }
}
