namespace Exposition.Formats;

/// <summary>Why an exposition was refused.</summary>
/// <param name="Message">The reason, without a line number: in the words of the reference implementation, but for OpenMetrics, which it does not read.</param>
/// <param name="Line">One-based line of a text exposition, or 0 where there are no lines (protobuf).</param>
public readonly record struct FormatError(string Message, int Line)
{
    /// <summary>The whole sentence that the reference answers with.</summary>
    public override string ToString() => Line > 0 ? $"text format parsing error in line {Line}: {Message}" : Message;
}
