using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Exposition.Formats;

/// <summary>
/// The labels of a sample as strings, in the order of the text. Two sets are equal if they have the same labels in any order. Immutable and
/// safe for concurrent use; a collection expression makes one.
/// </summary>
/// <example>
/// <code>
/// LabelSet labels = [("code", "200"), ("path", "/")];
///
/// Assert.Equal("200", labels["code"]);
/// </code>
/// </example>
[CollectionBuilder(typeof(LabelSet), nameof(Create))]
[SuppressMessage("Naming", "CA1710", Justification = "It is a set of labels, and everybody calls it that.")]
public sealed class LabelSet : IReadOnlyList<Label>, IEquatable<LabelSet>
{
    private readonly Label[] _labels;

    internal LabelSet(Label[] labels) => _labels = labels;

    /// <summary>The set without labels.</summary>
    public static LabelSet Empty { get; } = new([]);

    /// <summary>Number of labels.</summary>
    public int Count => _labels.Length;

    /// <summary>The label at a position.</summary>
    /// <param name="index">From 0 on.</param>
    /// <exception cref="IndexOutOfRangeException">There is none.</exception>
    public Label this[int index] => _labels[index];

    /// <summary>The value of a label.</summary>
    /// <param name="name">The label's name.</param>
    /// <exception cref="KeyNotFoundException">There is no label of this name; the message names those that there are.</exception>
    public string this[string name] => TryGetValue(name, out string? value) ? value : throw new KeyNotFoundException(
        $"There is no label \"{name}\", only {(_labels.Length == 0 ? "the empty label set" : ToString())}.");

    /// <summary>Makes a set.</summary>
    /// <param name="labels">The labels; copied.</param>
    /// <exception cref="ArgumentException">A name or value is null, or a name comes twice.</exception>
    public static LabelSet Create(params ReadOnlySpan<Label> labels)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i].Name is null || labels[i].Value is null)
            {
                throw new ArgumentException($"Label {i} has no name or no value.", nameof(labels));
            }

            for (int j = 0; j < i; j++)
            {
                if (labels[i].Name == labels[j].Name)
                {
                    throw new ArgumentException($"The label \"{labels[i].Name}\" comes twice.", nameof(labels));
                }
            }
        }

        return labels.IsEmpty ? Empty : new LabelSet(labels.ToArray());
    }

    /// <summary>Looks for the value of a label.</summary>
    /// <param name="name">The label's name.</param>
    /// <param name="value">Its value, or null.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetValue(string name, [NotNullWhen(true)] out string? value)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (ref readonly Label label in _labels.AsSpan())
        {
            if (label.Name == name)
            {
                value = label.Value;
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>The value of a label, or what a missing label is as good as in PromQL: the empty text.</summary>
    /// <param name="name">The label's name.</param>
    public string GetValueOrEmpty(string name) => TryGetValue(name, out string? value) ? value : "";

    /// <summary>Whether both have the same labels, in any order.</summary>
    /// <param name="other">The other set.</param>
    public bool Equals(LabelSet? other)
    {
        if (other is null || other.Count != Count)
        {
            return false;
        }

        for (int i = 0; i < _labels.Length; i++)
        {
            if (_labels[i] != other._labels[i]
                && !(other.TryGetValue(_labels[i].Name, out string? value) && value == _labels[i].Value))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LabelSet other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // A sum, because the order does not matter.
        int hash = Count;
        foreach (ref readonly Label label in _labels.AsSpan())
        {
            hash = unchecked(hash + label.GetHashCode());
        }

        return hash;
    }

    /// <summary>As it stands in a text, in braces, but without escapes: <c>{code="200",path="/"}</c>.</summary>
    public override string ToString() => $"{{{string.Join(',', _labels)}}}";

    /// <inheritdoc/>
    public IEnumerator<Label> GetEnumerator() => ((IEnumerable<Label>)_labels).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _labels.GetEnumerator();
}
