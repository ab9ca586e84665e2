using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Logging;

/// <summary>Lines that were left out of a log.</summary>
/// <param name="Level">Their level.</param>
/// <param name="Message">Their text.</param>
/// <param name="Reason">What they have in common beside it.</param>
/// <param name="Count">How many.</param>
internal readonly record struct SuppressedLines(LogLevel Level, string Message, string Reason, long Count);
