using System.Globalization;

namespace Exposition.Formats;

/// <summary>How <see cref="ExpositionText"/> reads. The defaults take what Prometheus takes in a scrape. Immutable.</summary>
public sealed record ExpositionReadOptions
{
    internal static readonly ExpositionReadOptions Default = new();

    private readonly int _maxLineBytes = 1 << 20;

    /// <summary>Which names are accepted. Default: <see cref="NameScheme.Utf8"/>, which is any name.</summary>
    public NameScheme Names { get; init; } = NameScheme.Utf8;

    /// <summary>
    /// Whether to accept what the Pushgateway refuses in text 0.0.4 although its meaning is plain (<see cref="TextReadOptions"/>).
    /// Default: true. OpenMetrics is always read strictly, as its specification demands.
    /// </summary>
    public bool Lenient { get; init; } = true;

    /// <summary>
    /// The longest line of a stream or pipe in bytes, its end not counted. Default: 1 MiB. A longer one is an error, so that
    /// what sends no line ends does not fill memory. A body that is in memory already has no such limit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not between <see cref="ExpositionReaderState.LeastLineBytes"/> and
    /// <see cref="ExpositionReaderState.MostLineBytes"/>.</exception>
    public int MaxLineBytes
    {
        get => _maxLineBytes;
        init => _maxLineBytes = value is >= ExpositionReaderState.LeastLineBytes and <= ExpositionReaderState.MostLineBytes
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), string.Create(
                CultureInfo.InvariantCulture,
                $"{nameof(ExpositionReadOptions)}.{nameof(MaxLineBytes)} is {value}: "
                + $"expected {ExpositionReaderState.LeastLineBytes} to {ExpositionReaderState.MostLineBytes}"));
    }

    internal TextReadOptions Text => new(Names, Lenient);
}
