using System.Globalization;

namespace Exposition.Replication;

/// <summary>The name of one append: no two appends have the same, but for one that is tried again.</summary>
/// <param name="Node">Which run of which node made it; chosen at random at its start.</param>
/// <param name="Number">Counted by the node.</param>
public readonly record struct OperationId(Guid Node, long Number)
{
    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="id">What was read.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out OperationId id)
    {
        id = default;
        int at = text.IndexOf('-');
        if (at < 0 || !Guid.TryParseExact(text[..at], "N", out Guid node)
            || !long.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            return false;
        }

        id = new OperationId(node, number);
        return true;
    }

    /// <summary>32 hexadecimal digits, a hyphen and the number.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Node:N}-{Number}");
}
