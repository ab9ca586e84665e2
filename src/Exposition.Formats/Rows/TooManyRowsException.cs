namespace Exposition.Formats.Rows;

/// <summary>An exposition has more rows of a kind than <see cref="ReadProgress.MostSeries"/>.</summary>
internal sealed class TooManyRowsException : Exception;
