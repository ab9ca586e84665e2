namespace Exposition.Formats.Scanning;

/// <summary>
/// A canonical sample line. Its name begins where the line does, its labels are the last rows of the list that was given.
/// </summary>
internal struct ScannedSample
{
    /// <summary>Length of the name in bytes.</summary>
    public int NameLength;

    /// <summary>Number of labels, le and quantile among them.</summary>
    public int LabelCount;

    /// <summary>Offset of the next line in the text.</summary>
    public int End;

    /// <summary>Whether there is a timestamp.</summary>
    public bool HasTimestamp;

    /// <summary>Milliseconds since the Unix epoch.</summary>
    public long TimestampMs;

    /// <summary>The value.</summary>
    public double Value;
}
