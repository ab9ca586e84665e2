using Exposition.Formats;

namespace Exposition.Store;

/// <summary>Facts of a stored family that decide how it is written.</summary>
[Flags]
public enum FamilyTraits : byte
{
    /// <summary>Plain.</summary>
    None = 0,

    /// <summary>The family's or a label's name is outside the legacy charset: the text piece is in the quoted form and is written anew for other escaping schemes.</summary>
    EscapedNames = 1,

    /// <summary>It contradicts what was there before it, and was stored without a check: scrapes leave it out until that has gone.</summary>
    Suspect = 2,

    /// <summary>None of its summaries or histograms has a sample count: the zeros in the text piece stand for that.</summary>
    NoCounts = 4,

    /// <summary>None of its summaries or histograms has a sum (Flink's summaries): the zeros in the text piece stand for that.</summary>
    NoSums = 8,
}

/// <summary>
/// A family of a group as it is stored: its own type and help, and its samples ready to be copied into a scrape. The memory is immutable.
/// </summary>
public readonly record struct FamilyEntry
{
    /// <summary>UTF-8 name.</summary>
    public required ReadOnlyMemory<byte> Name { get; init; }

    /// <summary>The type under which it was pushed.</summary>
    public required MetricType Type { get; init; }

    /// <summary>Whether it was pushed with a help text.</summary>
    public bool HasHelp { get; init; }

    /// <summary>The help text, unescaped.</summary>
    public ReadOnlyMemory<byte> Help { get; init; }

    /// <summary>When it was pushed, in nanoseconds since the Unix epoch.</summary>
    public long PushedAt { get; init; }

    /// <summary>Sample lines in canonical text (<see cref="EscapingScheme.AllowUtf8"/> quoting), labels merged and sorted, without HELP and TYPE. Empty for a family without metrics.</summary>
    public ReadOnlyMemory<byte> Text { get; init; }

    /// <summary>What text cannot say: the metrics as <c>metric</c> fields of a MetricFamily message. Empty where text says it all.</summary>
    public ReadOnlyMemory<byte> Sidecar { get; init; }

    /// <summary>How it must be written.</summary>
    public FamilyTraits Traits { get; init; }

    /// <summary>Number of sample lines in <see cref="Text"/>.</summary>
    public int SampleCount { get; init; }

    /// <summary>Decodes the entry into <paramref name="into"/> (which is reset) as its only family.</summary>
    /// <param name="into">Refers to the entry's memory until it is reset.</param>
    public void Read(FamilySet into)
    {
        ArgumentNullException.ThrowIfNull(into);
        bool fromSidecar = !Sidecar.IsEmpty;
        into.Reset(fromSidecar ? Sidecar : Text);
        int family = HasHelp ? into.AddFamily(Name.Span, Type, Help.Span) : into.AddFamily(into.AddText(Name.Span), Type);
        FormatError error;
        bool read = fromSidecar
            ? ProtobufFormat.TryReadMetrics(family, into, out error)
            : TextFormat.TryReadSamples(family, into, out error);
        if (!read)
        {
            // Pieces are written by this library and checked when they are loaded, so this is a defect, not bad input.
            throw new InvalidOperationException($"stored family does not read back: {error}");
        }

        MetricContent absent = ((Traits & FamilyTraits.NoCounts) != 0 ? MetricContent.NoCount : 0) | ((Traits & FamilyTraits.NoSums) != 0 ? MetricContent.NoSum : 0);
        if (absent != 0 && !fromSidecar)
        {
            foreach (ref MetricRow metric in into.Metrics)
            {
                metric.Content |= absent;
            }
        }
    }
}
