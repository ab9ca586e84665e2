using System.Text;

namespace Exposition.Formats.Meters;

/// <summary>
/// The labels of a series, from tags: sorted by name, without empty values. Tags whose names become the same share a label, with their
/// values joined by semicolons in the order of the tags' names.
/// </summary>
internal sealed class SeriesLabels
{
    private const byte End = 0xFF;

    private SeriesLabels(SortedDictionary<string, string> labels)
    {
        var key = new List<byte>();
        Labels = new (byte[], byte[])[labels.Count];
        int at = 0;
        foreach ((string name, string value) in labels)
        {
            (byte[] Name, byte[] Value) label = (Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
            Labels[at++] = label;
            // No UTF-8 has this byte, so the key is of these labels alone.
            key.AddRange([.. label.Name, End, .. label.Value, End]);
        }

        Key = Encoding.Latin1.GetString([.. key]);
    }

    /// <summary>Of what is too much for an instrument, as OpenTelemetry marks it.</summary>
    public static SeriesLabels Overflow { get; } = new(new SortedDictionary<string, string> { ["otel_metric_overflow"] = "true" });

    /// <summary>Equal, and ordered alike, wherever the labels are; a character per byte.</summary>
    public string Key { get; }

    public (byte[] Name, byte[] Value)[] Labels { get; }

    /// <summary>Makes labels of tags; of those with one name the last counts.</summary>
    /// <param name="always">Those of the meter and the instrument.</param>
    /// <param name="tags">Those of the measurement.</param>
    /// <param name="isHistogram">Whether <c>le</c> is taken.</param>
    public static SeriesLabels Of(
        KeyValuePair<string, object?>[] always, ReadOnlySpan<KeyValuePair<string, object?>> tags, bool isHistogram)
    {
        var byTag = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (KeyValuePair<string, object?> tag in always)
        {
            byTag[tag.Key ?? ""] = TagText.Of(tag.Value);
        }

        foreach (KeyValuePair<string, object?> tag in tags)
        {
            byTag[tag.Key ?? ""] = TagText.Of(tag.Value);
        }

        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string tag, string value) in byTag)
        {
            // An empty label is none, for Prometheus.
            if (value.Length > 0)
            {
                string name = InstrumentNames.OfLabel(tag);
                name = isHistogram && name == "le" ? "exported_le" : name;
                labels[name] = labels.TryGetValue(name, out string? other) ? $"{other};{value}" : value;
            }
        }

        return new SeriesLabels(labels);
    }
}
