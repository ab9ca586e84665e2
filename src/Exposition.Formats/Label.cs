namespace Exposition.Formats;

/// <summary>
/// A label as text. Where labels are wanted, a pair of strings will do: <c>writer.WriteSample(17, ("code", "200"), ("path", "/"))</c>.
/// </summary>
/// <param name="Name">The name, unescaped.</param>
/// <param name="Value">The value, unescaped.</param>
public readonly record struct Label(string Name, string Value)
{
    /// <summary>Takes a pair for a label.</summary>
    /// <param name="pair">Name and value.</param>
    public static implicit operator Label((string Name, string Value) pair) => new(pair.Name, pair.Value);

    /// <summary>As it stands in a text, <c>code="200"</c>, but without escapes.</summary>
    public override string ToString() => $"{Name}=\"{Value}\"";
}
