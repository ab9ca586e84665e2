using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Reading;

/// <summary>A series as somebody asks for it. Labels with an empty value are as good as none.</summary>
internal sealed class SeriesName
{
    private readonly (byte[] Name, byte[] Value)[] _labels;

    private SeriesName(string shown, byte[] name, List<(byte[] Name, byte[] Value)> labels)
    {
        (Shown, Name) = (shown, name);
        _labels = [.. labels.Where(static label => label.Value.Length > 0)];
    }

    public string Shown { get; }

    public byte[] Name { get; }

    public ReadOnlySpan<(byte[] Name, byte[] Value)> Labels => _labels;

    /// <summary>The value of a label; empty if it has none.</summary>
    public ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> label)
    {
        foreach ((byte[] name, byte[] value) in _labels)
        {
            if (label.SequenceEqual(name))
            {
                return value;
            }
        }

        return default;
    }

    /// <summary>Reads one as it stands on a line of the text format before its value.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static SeriesName Parse(string series)
    {
        if (series.Contains('\n', StringComparison.Ordinal))
        {
            throw Malformed(series, "there is more than one line");
        }

        // The rest of the line.
        byte[] line = Encoding.UTF8.GetBytes(series + " 0\n");
        var reader = new ExpositionReader(line, GroupCopies.NewReaderState());
        if (!reader.Read() || reader.Token != ExpositionToken.Sample)
        {
            throw Malformed(series, reader.Error?.Message ?? "there is no name");
        }

        if (reader.HasTimestamp)
        {
            throw Malformed(series, "something follows it");
        }

        var labels = new List<(byte[] Name, byte[] Value)>();
        foreach (ExpositionLabel label in reader.Labels)
        {
            labels.Add((label.Name.ToArray(), label.Value.ToArray()));
        }

        return Repeated(labels) is { } repeated
            ? throw Malformed(series, $"the label {repeated} is there twice")
            : new SeriesName(series, reader.Name.ToArray(), labels);
    }

    /// <summary>Takes one by its parts.</summary>
    /// <exception cref="ArgumentException">A name is empty, or a label is there twice.</exception>
    public static SeriesName Of(string name, ReadOnlySpan<(string Name, string Value)> labels)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var shown = new StringBuilder(name).Append('{');
        var bytes = new List<(byte[] Name, byte[] Value)>();
        foreach ((string label, string value) in labels)
        {
            ArgumentException.ThrowIfNullOrEmpty(label, nameof(labels));
            ArgumentNullException.ThrowIfNull(value, nameof(labels));
            bytes.Add((Encoding.UTF8.GetBytes(label), Encoding.UTF8.GetBytes(value)));
            shown.Append(shown[^1] == '{' ? "" : ",").Append(label).Append("=\"").Append(value).Append('"');
        }

        return Repeated(bytes) is { } repeated
            ? throw new ArgumentException($"the label {repeated} is there twice", nameof(labels))
            : new SeriesName(shown.Append('}').ToString(), Encoding.UTF8.GetBytes(name), bytes);
    }

    private static string? Repeated(List<(byte[] Name, byte[] Value)> labels) => labels.Select(static label =>
        Encoding.UTF8.GetString(label.Name)).GroupBy(static name => name).FirstOrDefault(static same => same.Count() > 1)?.Key;

    private static FormatException Malformed(string series, string why) =>
        new($"\"{series}\" is no series: {why}; expected is name{{label=\"value\",...}}, without a value");
}
