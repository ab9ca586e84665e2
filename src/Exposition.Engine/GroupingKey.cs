using System.Diagnostics.CodeAnalysis;
using System.Text;
using Exposition.Formats.Rows;

namespace Exposition.Engine;

// Canonical form: name 0xFF value [0xFF name 0xFF value ...], names in byte order and unique. Names and values are valid UTF-8, in which
// 0xFF never occurs, so the form is unambiguous, and byte order of keys is the order in which groups are exposed.

/// <summary>
/// The labels that identify a group of pushed metrics, <c>job</c> always among them. Immutable; equality and order are those of the
/// canonical bytes.
/// </summary>
/// <example>
/// <code>
/// GroupingKey key = GroupingKey.Create(("job", "nightly_backup"), ("instance", Environment.MachineName));
/// store.Push(key, PushFormat.Text, "backup_rows 3.14\n"u8.ToArray(), PushMode.Replace);
/// </code>
/// </example>
public sealed class GroupingKey : IEquatable<GroupingKey>, IComparable<GroupingKey>
{
    /// <summary>Stands between names and values in the canonical form.</summary>
    public const byte Separator = 0xFF;

    private readonly byte[] _bytes;
    private readonly int _hash;

    private GroupingKey(byte[] canonical)
    {
        _bytes = canonical;
        _hash = (int)KeyedHash.Text(canonical);
    }

    /// <summary>The canonical form: name 0xFF value, repeated, in order of names.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    internal byte[] Array => _bytes;

    /// <summary>The label pairs in order of their names.</summary>
    public LabelEnumerator Labels => new(_bytes);

    internal bool HasEmptyInstance
    {
        get
        {
            foreach (GroupingLabel label in Labels)
            {
                if (label.Value.IsEmpty && label.Name.SequenceEqual("instance"u8))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// Takes a canonical form, after checking that it is one: pairs in strict name order, valid UTF-8, no empty name, a <c>job</c> that is
    /// not empty.
    /// </summary>
    public static bool TryCreate(ReadOnlySpan<byte> canonical, [NotNullWhen(true)] out GroupingKey? key)
    {
        key = null;
        if (canonical.IsEmpty || (canonical.Count(Separator) & 1) == 0)
        {
            return false;
        }

        bool hasJob = false;
        ReadOnlySpan<byte> last = default;
        foreach (GroupingLabel label in new LabelEnumerator(canonical))
        {
            if (label.Name.IsEmpty || label.Name.SequenceCompareTo(last) <= 0
                || !System.Text.Unicode.Utf8.IsValid(label.Name) || !System.Text.Unicode.Utf8.IsValid(label.Value))
            {
                return false;
            }

            hasJob |= label.Name.SequenceEqual("job"u8) && !label.Value.IsEmpty;
            last = label.Name;
        }

        if (!hasJob)
        {
            return false;
        }

        key = new GroupingKey(canonical.ToArray());
        return true;
    }

    /// <summary>Makes a key of label pairs in any order; of pairs with one name the last counts.</summary>
    /// <exception cref="ArgumentException">No job, or an empty name, or text that is not valid UTF-16.</exception>
    public static GroupingKey Create(params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var sorted = new SortedDictionary<string, string>(Comparer<string>.Create(static (a, b) =>
            Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b))));
        foreach ((string name, string value) in labels)
        {
            sorted[name] = value;
        }

        var bytes = new List<byte>();
        foreach ((string name, string value) in sorted)
        {
            if (bytes.Count > 0)
            {
                bytes.Add(Separator);
            }

            bytes.AddRange(Encoding.UTF8.GetBytes(name));
            bytes.Add(Separator);
            bytes.AddRange(Encoding.UTF8.GetBytes(value));
        }

        return TryCreate([.. bytes], out GroupingKey? key)
            ? key
            : throw new ArgumentException(
                "a grouping key needs a label job with a value, and labels with names; got {"
                + string.Join(',', sorted.Select(static label => $"{label.Key}=\"{label.Value}\"")) + "}", nameof(labels));
    }

    /// <inheritdoc/>
    public bool Equals(GroupingKey? other) => other is not null && _hash == other._hash && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GroupingKey);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <inheritdoc/>
    public int CompareTo(GroupingKey? other) => other is null ? 1 : Bytes.SequenceCompareTo(other.Bytes);

    /// <summary>The value of the label <c>job</c>, which every key has.</summary>
    internal ReadOnlySpan<byte> Job
    {
        get
        {
            foreach (GroupingLabel label in Labels)
            {
                if (label.Name.SequenceEqual("job"u8))
                {
                    return label.Value;
                }
            }

            return default;
        }
    }

    /// <summary>The labels as a selector: <c>{instance="i",job="j"}</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("{");
        foreach (GroupingLabel label in Labels)
        {
            text.Append(text.Length > 1 ? "," : "").Append(Encoding.UTF8.GetString(label.Name)).Append("=\"")
                .Append(Encoding.UTF8.GetString(label.Value).Replace("\\", "\\\\", StringComparison.Ordinal)
                    .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))
                .Append('"');
        }

        return text.Append('}').ToString();
    }

    /// <summary>Key order.</summary>
    public static bool operator <(GroupingKey left, GroupingKey right) => left.CompareTo(right) < 0;

    /// <summary>Key order.</summary>
    public static bool operator <=(GroupingKey left, GroupingKey right) => left.CompareTo(right) <= 0;

    /// <summary>Key order.</summary>
    public static bool operator >(GroupingKey left, GroupingKey right) => left.CompareTo(right) > 0;

    /// <summary>Key order.</summary>
    public static bool operator >=(GroupingKey left, GroupingKey right) => left.CompareTo(right) >= 0;

    /// <summary>Equality of the canonical bytes.</summary>
    public static bool operator ==(GroupingKey? left, GroupingKey? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Inequality of the canonical bytes.</summary>
    public static bool operator !=(GroupingKey? left, GroupingKey? right) => !(left == right);
}
