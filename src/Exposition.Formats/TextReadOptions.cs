namespace Exposition.Formats;

/// <summary>How <see cref="TextFormat"/> reads.</summary>
/// <param name="Names">Which names are accepted. Default: <see cref="NameScheme.Legacy"/>.</param>
/// <param name="Lenient">
/// Accept what the Pushgateway refuses although its meaning is plain, above all what Prometheus takes in a scrape: CR before LF, blanks at
/// the end of a line, a missing last newline behind a sample, repeated HELP and TYPE lines, TYPE behind samples, <c>x_count</c> before the
/// summary <c>x</c>, backslashes that escape nothing, a byte order mark, NaN with a sign. A body without a sample in which a comment has
/// swallowed others is refused. Default: false, with which the reader accepts and
/// refuses exactly what the Pushgateway does.
/// </param>
public readonly record struct TextReadOptions(NameScheme Names, bool Lenient);
