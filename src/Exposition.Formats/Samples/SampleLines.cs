using System.Buffers;
using System.Text;
using Exposition.Formats.Text;

namespace Exposition.Formats.Samples;

/// <summary>Makes samples of lines as they come, and remembers what the last TYPE line said.</summary>
internal sealed class SampleLines(ExpositionReaderState state)
{
    private string _family = "";
    private byte[] _familyBytes = [];
    private MetricType? _type;

    /// <summary>The samples of the block read last.</summary>
    public List<MetricSample> Samples { get; } = [];

    /// <summary>What is wrong behind them, or null.</summary>
    public FormatError? Error { get; private set; }

    /// <summary>Reads the whole lines of a block.</summary>
    /// <returns>How far that was.</returns>
    public SequencePosition Read(in ReadOnlySequence<byte> block, bool isFinal)
    {
        Samples.Clear();
        var reader = new ExpositionReader(block, state, isFinal);
        while (reader.Read())
        {
            if (reader.Token == ExpositionToken.Type)
            {
                (_familyBytes, _family, _type) = (reader.Name.ToArray(), Encoding.UTF8.GetString(reader.Name), reader.Type);
            }
            else if (reader.Token == ExpositionToken.Sample)
            {
                Samples.Add(SampleOf(in reader));
            }
        }

        Error = reader.Error;
        return reader.Position;
    }

    private MetricSample SampleOf(ref readonly ExpositionReader reader)
    {
        var labels = new Label[reader.Labels.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            ExpositionLabel label = reader.Labels[i];
            labels[i] = new Label(Encoding.UTF8.GetString(label.Name), Encoding.UTF8.GetString(label.Value));
        }

        bool typed = IsOfFamily(reader.Name);
        string name = typed && reader.Name.Length == _familyBytes.Length ? _family : Encoding.UTF8.GetString(reader.Name);
        return new MetricSample(
            name, labels.Length == 0 ? LabelSet.Empty : new LabelSet(labels), reader.Value,
            reader.HasTimestamp ? MetricSample.TimeOf(reader.TimestampMs) : null,
            typed ? _family : name, typed ? _type!.Value : MetricType.Untyped);
    }

    private bool IsOfFamily(ReadOnlySpan<byte> name)
    {
        if (_type is not { } type || !name.StartsWith(_familyBytes))
        {
            return false;
        }

        SamplePart part = Suffixes.Find(name, out int suffix);
        return name.Length == _familyBytes.Length
            || (suffix == name.Length - _familyBytes.Length && part != SamplePart.Point
                && Suffixes.Folds(new FamilyRow { Type = type }, part));
    }
}
