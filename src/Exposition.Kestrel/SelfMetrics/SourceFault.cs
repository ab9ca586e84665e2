namespace Exposition.Kestrel.SelfMetrics;

/// <summary>Why a source of own families, or one of its families, is left out of a scrape; the names are those of the metric.</summary>
internal enum SourceFault
{
    /// <summary>It threw an exception.</summary>
    Exception,

    /// <summary>A family has the name of one that is there already.</summary>
    Repeated,

    /// <summary>A family would break the exposition.</summary>
    Invalid,
}
