using System.Diagnostics;
using System.Text;

namespace Exposition.Formats;

/// <summary>A family of a set, to be looked at. It is valid until the set is changed, and cannot be kept: it is a ref struct.</summary>
/// <example>
/// <code>
/// foreach (FamilyView family in set.Views)
/// {
///     foreach (MetricView metric in family.Metrics)
///     {
///         if (metric.Labels.TryGet("code"u8, out ReadOnlySpan&lt;byte&gt; code))
///         {
///             output.WriteLine($"{Encoding.UTF8.GetString(family.Name)} {Encoding.UTF8.GetString(code)}: {metric.Value}");
///         }
///     }
/// }
/// </code>
/// </example>
[DebuggerDisplay("{Shown,nq}")]
public readonly ref struct FamilyView
{
    private readonly FamilySet _set;
    private readonly ref readonly FamilyRow _row;

    internal FamilyView(FamilySet set, ref readonly FamilyRow row)
    {
        _set = set;
        _row = ref row;
    }

    /// <summary>The name, unescaped.</summary>
    public ReadOnlySpan<byte> Name => _set.Text(_row.Name);

    /// <summary>The help text, unescaped; empty if there is none.</summary>
    public ReadOnlySpan<byte> Help => _row.HasHelp ? _set.Text(_row.Help) : default;

    /// <summary>Whether a help text was given; it may be empty.</summary>
    public bool HasHelp => _row.HasHelp;

    /// <summary>The unit, or empty.</summary>
    public ReadOnlySpan<byte> Unit => _set.Text(_row.Unit);

    /// <summary>The type.</summary>
    public MetricType Type => _row.Type;

    /// <summary>Its metrics, in order of first appearance.</summary>
    public MetricViews Metrics => new(_set, _row.FirstMetric, _row.MetricCount);

    private string Shown => $"{Encoding.UTF8.GetString(Name)}: {Type}, {_row.MetricCount} metrics";
}

/// <summary>The families of a set, to be walked.</summary>
public readonly ref struct FamilyViews
{
    private readonly FamilySet _set;

    internal FamilyViews(FamilySet set) => _set = set;

    /// <summary>How many there are.</summary>
    public int Count => _set.Families.Length;

    /// <summary>The family at a position.</summary>
    /// <param name="index">From 0 on.</param>
    /// <exception cref="IndexOutOfRangeException">There is none.</exception>
    public FamilyView this[int index] => new(_set, in _set.Families[index]);

    /// <summary>Looks for a family by going through all.</summary>
    /// <param name="name">Its name, unescaped.</param>
    /// <param name="family">The family.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGet(ReadOnlySpan<byte> name, out FamilyView family)
    {
        foreach (FamilyView candidate in this)
        {
            if (candidate.Name.SequenceEqual(name))
            {
                family = candidate;
                return true;
            }
        }

        family = default;
        return false;
    }

    /// <summary>Walks the families.</summary>
    public Enumerator GetEnumerator() => new(_set);

    /// <summary>A position among the families.</summary>
    public ref struct Enumerator
    {
        private readonly FamilySet _set;
        private int _index;

        internal Enumerator(FamilySet set)
        {
            _set = set;
            _index = -1;
        }

        /// <summary>The current family.</summary>
        public readonly FamilyView Current => new(_set, in _set.Families[_index]);

        /// <summary>Goes on to the next one.</summary>
        public bool MoveNext() => ++_index < _set.Families.Length;
    }
}
