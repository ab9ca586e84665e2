namespace Exposition.Formats;

/// <summary>How <see cref="TextFormat"/> reads.</summary>
/// <param name="Names">Which names are accepted.</param>
/// <param name="Lenient">
/// Accept what the reference refuses although its meaning is plain: CR before LF, blanks at the end of a line, a missing last newline.
/// Off, the reader accepts and refuses exactly what the reference does.
/// </param>
public readonly record struct TextReadOptions(NameScheme Names, bool Lenient);
