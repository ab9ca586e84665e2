using System.Diagnostics;
using System.Text;

namespace Exposition.Formats;

/// <summary>A sample line while it is being read. It cannot outlive the call that it is given to: copy what is to be kept.</summary>
[DebuggerDisplay("{Shown,nq}")]
public readonly ref struct ExpositionSample
{
    internal ExpositionSample(scoped ref readonly ExpositionReader reader, int line)
    {
        Name = reader.Name;
        Labels = reader.Labels;
        Value = reader.Value;
        HasTimestamp = reader.HasTimestamp;
        TimestampMs = reader.TimestampMs;
        Line = line;
    }

    /// <summary>The metric's name, unescaped, with the suffix that it has in the text.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>All labels, <c>le</c> and <c>quantile</c> among them.</summary>
    public ExpositionLabels Labels { get; }

    /// <summary>The value.</summary>
    public double Value { get; }

    /// <summary>Whether there is a timestamp.</summary>
    public bool HasTimestamp { get; }

    /// <summary>The timestamp in milliseconds since the Unix epoch; meaningful with <see cref="HasTimestamp"/>.</summary>
    public long TimestampMs { get; }

    /// <summary>The line that it stands in, counted from 1.</summary>
    public int Line { get; }

    private string Shown => $"{Encoding.UTF8.GetString(Name)} {Value}, line {Line}";
}

/// <summary>Takes the samples of a text as they are read, one after the other.</summary>
/// <typeparam name="TState">What the caller wants to have at hand.</typeparam>
/// <param name="state">What the caller has given to the method that reads.</param>
/// <param name="sample">The sample; not to be kept.</param>
public delegate void SampleAction<in TState>(TState state, ExpositionSample sample);
