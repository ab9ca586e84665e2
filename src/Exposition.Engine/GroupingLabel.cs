using System.Diagnostics;

namespace Exposition.Engine;

/// <summary>A label of a grouping key.</summary>
[DebuggerDisplay("{System.Text.Encoding.UTF8.GetString(Name),nq}={System.Text.Encoding.UTF8.GetString(Value)}")]
public readonly ref struct GroupingLabel
{
    internal GroupingLabel(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Name = name;
        Value = value;
    }

    /// <summary>UTF-8 name.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>UTF-8 value; may be empty.</summary>
    public ReadOnlySpan<byte> Value { get; }
}

/// <summary>Walks the label pairs of a canonical grouping key in order of their names.</summary>
public ref struct LabelEnumerator
{
    private ReadOnlySpan<byte> _rest;
    private bool _more;

    internal LabelEnumerator(ReadOnlySpan<byte> canonical)
    {
        _rest = canonical;
        _more = !canonical.IsEmpty;
    }

    /// <summary>The pair at hand.</summary>
    public GroupingLabel Current { get; private set; }

    /// <summary>Returns itself, for <c>foreach</c>.</summary>
    public readonly LabelEnumerator GetEnumerator() => this;

    /// <summary>Goes to the next pair.</summary>
    public bool MoveNext()
    {
        if (!_more)
        {
            return false;
        }

        int nameEnd = _rest.IndexOf(GroupingKey.Separator);
        ReadOnlySpan<byte> afterName = _rest[(nameEnd + 1)..];
        int valueEnd = afterName.IndexOf(GroupingKey.Separator);
        _more = valueEnd >= 0;
        Current = new GroupingLabel(_rest[..nameEnd], _more ? afterName[..valueEnd] : afterName);
        _rest = _more ? afterName[(valueEnd + 1)..] : default;
        return true;
    }
}
