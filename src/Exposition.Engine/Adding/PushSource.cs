using System.Text;
using Exposition.Formats;
using Exposition.Formats.Go;

namespace Exposition.Engine.Adding;

/// <summary>Finds out who has counted what a cumulative push says.</summary>
internal static class PushSource
{
    private const int MaxBytes = 128;

    /// <summary>Finds it; a label that names it is taken off the series.</summary>
    /// <param name="options">The rules.</param>
    /// <param name="set">What was pushed, its labels not merged yet.</param>
    /// <param name="mode">What the push does.</param>
    /// <param name="details">What came with it.</param>
    /// <param name="source">The source; null where the push needs none.</param>
    /// <returns>Why there is none though it needs one, or null.</returns>
    public static string? TryGet(StoreOptions options, FamilySet set, PushMode mode, in PushDetails details, out string? source)
    {
        source = null;
        if (mode != PushMode.Cumulative && details.Parts?.Modes.Contains(PushMode.Cumulative) != true)
        {
            return null;
        }

        ReadOnlySpan<byte> name = details.Source.Span;
        if (name.IsEmpty && options.SourceLabel.Length > 0 && TakeLabel(options, set, out name) is { } wrong)
        {
            return wrong;
        }

        if (name.IsEmpty)
        {
            return "a cumulative push needs a source: "
                + (options.SourceLabel.Length > 0 ? $"the header Exposition-Source or the label {options.SourceLabel} on its series"
                    : "the header Exposition-Source");
        }

        if (name.Length > MaxBytes)
        {
            return $"the source of a push is too long: {name.Length} bytes are more than {MaxBytes}";
        }

        source = Encoding.UTF8.GetString(name);
        return null;
    }

    private static string? TakeLabel(StoreOptions options, FamilySet set, out ReadOnlySpan<byte> source)
    {
        source = default;
        byte[] wanted = Encoding.UTF8.GetBytes(options.SourceLabel);
        for (int metric = 0; metric < set.Metrics.Length; metric++)
        {
            Span<LabelRow> labels = set.LabelsOf(metric);
            int at = 0;
            while (at < labels.Length && !set.Text(labels[at].Name).SequenceEqual(wanted))
            {
                at++;
            }

            ReadOnlySpan<byte> value = at < labels.Length ? set.Text(labels[at].Value) : default;
            if (metric > 0 && !value.SequenceEqual(source))
            {
                return $"a cumulative push is of one source, but its series have several values of the label {options.SourceLabel}, "
                    + $"\"{ShownText.Of(source)}\" and \"{ShownText.Of(value)}\"";
            }

            source = value;
            if (at < labels.Length)
            {
                labels[(at + 1)..].CopyTo(labels[at..]);
                set.Metrics[metric].LabelCount--;
            }
        }

        return null;
    }
}
