namespace Exposition.Kestrel;

/// <summary>How names of OpenTelemetry become names of families and labels, as Prometheus has it.</summary>
public enum OtlpTranslationStrategy
{
    /// <summary>What is not in the old alphabet becomes underscores; units and <c>_total</c> are appended.</summary>
    UnderscoreEscapingWithSuffixes,

    /// <summary>Names stay as they are; units and <c>_total</c> are appended. It needs names in UTF-8.</summary>
    NoUtf8EscapingWithSuffixes,

    /// <summary>What is not in the old alphabet becomes underscores; nothing is appended.</summary>
    UnderscoreEscapingWithoutSuffixes,

    /// <summary>Names stay as they are. It needs names in UTF-8.</summary>
    NoTranslation,
}
