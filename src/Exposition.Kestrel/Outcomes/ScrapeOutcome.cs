namespace Exposition.Kestrel.Outcomes;

/// <summary>How a scrape has ended.</summary>
internal enum ScrapeOutcome : byte
{
    /// <summary>It was sent to its end.</summary>
    Sent,

    /// <summary>Its reader has gone, was too slow, or was ended for others.</summary>
    Aborted,

    /// <summary>It was not begun, as there was no place for it or the state was being loaded.</summary>
    Refused,

    /// <summary>The engine has failed.</summary>
    Failed,
}
