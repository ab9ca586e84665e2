namespace Exposition.Formats;

/// <summary>Why an exposition was refused.</summary>
/// <param name="Message">The reason, without a line number: in the words of the Pushgateway, but for OpenMetrics, which it
/// does not read.</param>
/// <param name="Line">One-based line of a text exposition, or 0 where there are no lines (protobuf).</param>
public readonly record struct FormatError(string Message, int Line)
{
    /// <summary>What the sender has probably done, and what to do instead, where the body shows it; else null.</summary>
    public string? Hint { get; init; }

    /// <summary>The whole sentence that the Pushgateway answers with, and behind it the hint in parentheses.</summary>
    public override string ToString() =>
        (Line > 0 ? $"text format parsing error in line {Line}: {Message}" : Message) + (Hint is null ? "" : $" ({Hint})");
}
