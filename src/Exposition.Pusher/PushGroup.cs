using System.Collections.ObjectModel;
using System.Text;
using Exposition.Formats;
using Exposition.Pusher.Grouping;

namespace Exposition.Pusher;

/// <summary>
/// What is pushed, replaced and deleted together: a job and, perhaps, more labels that tell its instances apart. Immutable; equal where
/// the labels are, in whatever order they were given. Values may be any text, be it empty or full of slashes.
/// </summary>
/// <example>
/// <code>
/// var group = new PushGroup("nightly_backup").With("instance", "db1").With("path", "/srv/data");
/// </code>
/// </example>
public sealed class PushGroup : IEquatable<PushGroup>
{
    /// <summary>A group of a job alone.</summary>
    /// <param name="job">Not empty.</param>
    /// <exception cref="ArgumentException">It is empty, or no valid Unicode.</exception>
    public PushGroup(string job)
        : this(job, [])
    {
    }

    /// <summary>A group of a job and labels.</summary>
    /// <param name="job">Not empty.</param>
    /// <param name="labels">Names and values. Values of labels in what is pushed are overwritten by these.</param>
    /// <param name="names">Which label names are taken. With <see cref="NameScheme.Utf8"/> others than letters, digits and underscores
    /// are sent in the escaped form, which only a gateway that is told to take UTF-8 names reads back; others would store the escaped
    /// name.</param>
    /// <exception cref="ArgumentException">A name is not valid, reserved or given twice, or a text is no valid Unicode.</exception>
    public PushGroup(string job, IEnumerable<KeyValuePair<string, string>> labels, NameScheme names = NameScheme.Legacy)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(labels);
        ThrowIf(GroupRules.FaultOfJob(job), nameof(job));
        var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string value) in labels)
        {
            ThrowIf(GroupRules.FaultOfLabel(name, value, names), nameof(labels));
            ThrowIf(sorted.TryAdd(name, value) ? null : $"the label {name} is given twice", nameof(labels));
        }

        Job = job;
        Labels = new ReadOnlyDictionary<string, string>(sorted);
        Names = names;
        Path = GroupPath.Of(job, sorted);
    }

    /// <summary>The job; never empty.</summary>
    public string Job { get; }

    /// <summary>The labels beside the job, in the order of their names.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; }

    /// <summary>
    /// What follows <c>/metrics/</c> in the URL of the group, such as <c>job/nightly_backup/path@base64/L3Nydi9kYXRh</c>. It holds no
    /// character that anything on the way to the gateway would change.
    /// </summary>
    public string Path { get; }

    private NameScheme Names { get; }

    /// <summary>The same group with one more label.</summary>
    /// <exception cref="ArgumentException">The name is not valid, reserved or there already, or a text is no valid Unicode.</exception>
    public PushGroup With(string name, string value) => new(Job, Labels.Append(KeyValuePair.Create(name, value)), Names);

    /// <inheritdoc/>
    public bool Equals(PushGroup? other) => other is not null && Path == other.Path;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PushGroup);

    /// <inheritdoc/>
    public override int GetHashCode() => Path.GetHashCode(StringComparison.Ordinal);

    /// <summary>The group as a selector of its series: <c>{job="nightly_backup",instance="db1"}</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("{");
        foreach ((string name, string value) in Labels.Prepend(KeyValuePair.Create("job", Job)))
        {
            text.Append(text.Length > 1 ? "," : "").Append(name).Append("=\"");
            text.Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        }

        return text.Append('}').ToString();
    }

    private static void ThrowIf(string? fault, string parameter)
    {
        if (fault is not null)
        {
            throw new ArgumentException(fault, parameter);
        }
    }
}
