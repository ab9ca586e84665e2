namespace Exposition.Formats.Scanning;

/// <summary>A canonical HELP or TYPE line.</summary>
internal struct ScannedComment
{
    /// <summary>Whether it is HELP.</summary>
    public bool IsHelp;

    /// <summary>The type that a TYPE line names.</summary>
    public MetricType Type;

    /// <summary>The metric's name.</summary>
    public TextRef Name;

    /// <summary>The text of a HELP line.</summary>
    public TextRef Help;

    /// <summary>Offset of the next line in the text.</summary>
    public int End;
}
