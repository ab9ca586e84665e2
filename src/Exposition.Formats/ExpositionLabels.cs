using System.Diagnostics;
using System.Text;

namespace Exposition.Formats;

/// <summary>
/// The labels of a sample line in the order of the text, names and values unescaped, <c>le</c> and <c>quantile</c> among them.
/// Valid until the reader moves on.
/// </summary>
[DebuggerDisplay("{Shown,nq}")]
public readonly ref struct ExpositionLabels
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly FamilySet? _set;
    private readonly ReadOnlySpan<LabelRow> _rows;

    // Rows refer to the text, or to a set where there is one.
    internal ExpositionLabels(ReadOnlySpan<byte> text, FamilySet? set, ReadOnlySpan<LabelRow> rows)
    {
        _text = text;
        _set = set;
        _rows = rows;
    }

    /// <summary>Number of labels.</summary>
    public int Count => _rows.Length;

    /// <summary>The label at a position.</summary>
    /// <exception cref="IndexOutOfRangeException">There is none.</exception>
    public ExpositionLabel this[int index] => new(Text(_rows[index].Name), Text(_rows[index].Value));

    /// <summary>Finds a label by name.</summary>
    /// <param name="name">The name, unescaped.</param>
    /// <param name="value">Its value, unescaped.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        foreach (ref readonly LabelRow row in _rows)
        {
            if (row.Name.Length == name.Length && Text(row.Name).SequenceEqual(name))
            {
                value = Text(row.Value);
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Walks the labels.</summary>
    public Enumerator GetEnumerator() => new(this);

    private string Shown
    {
        get
        {
            var shown = new StringBuilder();
            foreach (ExpositionLabel label in this)
            {
                shown.Append(shown.Length == 0 ? "" : ",").Append(label.Shown);
            }

            return shown.ToString();
        }
    }

    private ReadOnlySpan<byte> Text(TextRef text) => _set is null ? _text.Slice(text.Start, text.Length) : _set.Text(text);

    /// <summary>A position among the labels.</summary>
    public ref struct Enumerator
    {
        private readonly ExpositionLabels _labels;
        private int _index;

        internal Enumerator(ExpositionLabels labels)
        {
            _labels = labels;
            _index = -1;
        }

        /// <summary>The current label.</summary>
        public readonly ExpositionLabel Current => _labels[_index];

        /// <summary>Goes on to the next label.</summary>
        public bool MoveNext() => ++_index < _labels.Count;
    }
}

/// <summary>A label.</summary>
[DebuggerDisplay("{Shown,nq}")]
public readonly ref struct ExpositionLabel
{
    internal ExpositionLabel(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Name = name;
        Value = value;
    }

    /// <summary>The name, unescaped.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>The value, unescaped.</summary>
    public ReadOnlySpan<byte> Value { get; }

    internal string Shown => $"{Encoding.UTF8.GetString(Name)}=\"{Encoding.UTF8.GetString(Value)}\"";
}
