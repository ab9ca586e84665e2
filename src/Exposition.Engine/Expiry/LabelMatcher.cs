using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Exposition.Engine.Expiry;

/// <summary>One condition of a selector.</summary>
/// <param name="name">The label's name.</param>
/// <param name="value">What its value is compared with.</param>
/// <param name="negated">Whether it must differ (<c>!=</c>, <c>!~</c>).</param>
/// <param name="expression">The value as an expression that covers the whole of it (<c>=~</c>, <c>!~</c>), or null.</param>
internal sealed class LabelMatcher(string name, string value, bool negated, Regex? expression)
{
    private const int StackChars = 256;

    private readonly byte[] _name = Encoding.UTF8.GetBytes(name);
    private readonly byte[] _value = Encoding.UTF8.GetBytes(value);

    /// <summary>The name and value that it asks for; null if it does not ask for just one.</summary>
    public (string Name, string Value)? Equality => negated || expression is not null ? null : (name, value);

    public bool Matches(GroupingKey key)
    {
        ReadOnlySpan<byte> actual = default;
        foreach (GroupingLabel label in key.Labels)
        {
            if (label.Name.SequenceEqual(_name))
            {
                actual = label.Value;
                break;
            }
        }

        return MatchesValue(actual);
    }

    /// <summary>Whether a value is one that it asks for.</summary>
    public bool MatchesValue(ReadOnlySpan<byte> actual) =>
        negated != (expression is null ? actual.SequenceEqual(_value) : IsMatch(expression, actual));

    public override string ToString()
    {
        bool plain = name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_');
        string sign = (negated, expression) switch
        {
            (false, null) => "=",
            (true, null) => "!=",
            (false, _) => "=~",
            (true, _) => "!~",
        };
        return (plain ? name : Quote(name)) + sign + Quote(value);
    }

    // Nothing is allocated for it: a search asks of each group.
    private static bool IsMatch(Regex expression, ReadOnlySpan<byte> value)
    {
        char[]? rented = value.Length > StackChars ? ArrayPool<char>.Shared.Rent(value.Length) : null;
        Span<char> chars = rented ?? stackalloc char[StackChars];
        bool isMatch = expression.IsMatch(chars[..Encoding.UTF8.GetChars(value, chars)]);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return isMatch;
    }

    private static string Quote(string text) => '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + '"';
}
