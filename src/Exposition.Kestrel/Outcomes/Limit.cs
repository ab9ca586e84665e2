namespace Exposition.Kestrel.Outcomes;

/// <summary>The limits that can refuse something on the wire. Their names are those of the flags of the program.</summary>
internal enum Limit : byte
{
    /// <summary>No limit has bitten.</summary>
    None,

    /// <summary>Readers of the JSON API at once.</summary>
    ApiReaders,

    /// <summary>A body as sent.</summary>
    BodyBytes,

    /// <summary>A body came too slowly, though it came.</summary>
    BodyRate,

    /// <summary>A body took too long.</summary>
    BodyTimeout,

    /// <summary>Compressed parts of scrapes that are kept.</summary>
    BundleCacheBytes,

    /// <summary>Connections at once.</summary>
    Connections,

    /// <summary>A body as decoded, compared with what was sent.</summary>
    DecodeRatio,

    /// <summary>A body as decoded.</summary>
    DecodedBytes,

    /// <summary>One group.</summary>
    GroupBytes,

    /// <summary>A grouping key.</summary>
    GroupingKeyBytes,

    /// <summary>Sets of grouping label names in use.</summary>
    GroupingNameSets,

    /// <summary>Groups in the store.</summary>
    Groups,

    /// <summary>A request head.</summary>
    HeadBytes,

    /// <summary>A request head took too long.</summary>
    HeadTimeout,

    /// <summary>Headers of a request.</summary>
    Headers,

    /// <summary>What scrapes hold of what has been replaced.</summary>
    HeldBytes,

    /// <summary>A connection was silent between requests.</summary>
    IdleTimeout,

    /// <summary>All bodies together.</summary>
    InflightBytes,

    /// <summary>A label value.</summary>
    LabelValueBytes,

    /// <summary>Attributes of a data point.</summary>
    OtlpAttributes,

    /// <summary>Resources of an OTLP request.</summary>
    OtlpResources,

    /// <summary>Readers of the page at once.</summary>
    PageReaders,

    /// <summary>Passwords that wait to be checked.</summary>
    PasswordChecks,

    /// <summary>Pushes of one job.</summary>
    PushesPerSecond,

    /// <summary>Ids of pushes that a group knows.</summary>
    PushIds,

    /// <summary>Large bodies that wait to be read.</summary>
    QueuedBodies,

    /// <summary>A push with its grouping labels on every line.</summary>
    RenderedBytes,

    /// <summary>Appends to the log that this host shares its groups by, and pushes that wait for them.</summary>
    ReplicationAppends,

    /// <summary>Their bytes.</summary>
    ReplicationBytes,

    /// <summary>A scrape took too long.</summary>
    ScrapeDuration,

    /// <summary>A scrape was read too slowly.</summary>
    ScrapeRate,

    /// <summary>Scrapes at once.</summary>
    Scrapes,

    /// <summary>Searches of the groups at once.</summary>
    Searches,

    /// <summary>Series of one group to which series are added.</summary>
    SeriesPerGroup,

    /// <summary>Series of one push.</summary>
    SeriesPerPush,

    /// <summary>Last pushes that are kept to be compared with the next.</summary>
    ShapeCacheBytes,

    /// <summary>Sources of cumulative pushes that a group knows.</summary>
    Sources,

    /// <summary>All groups.</summary>
    StoredBytes,

    /// <summary>A request target.</summary>
    TargetBytes,
}
