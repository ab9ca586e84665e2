using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Raw;

/// <summary>What the doors log: faults of the engine, and what is kept from scrapes. What else clients do wrong is answered, not logged.</summary>
internal static partial class RawLog
{
    [LoggerMessage(1, LogLevel.Error, "A push failed inside the engine.")]
    public static partial void PushFailed(ILogger logger, Exception exception);

    [LoggerMessage(2, LogLevel.Error, "A scrape failed inside the engine.")]
    public static partial void ScrapeFailed(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "Family {Family} of group {Group} is left out of scrapes: {Reason}")]
    public static partial void FamilyHidden(ILogger logger, string group, string family, string reason);

    [LoggerMessage(4, LogLevel.Warning, "A scrape was ended after {Seconds} s: scrapes that are being read held more than {Limit} bytes of metrics that have been replaced")]
    public static partial void ScrapeEnded(ILogger logger, double seconds, long limit);

    [LoggerMessage(5, LogLevel.Warning, "The raw door leaves everything to the endpoints: {Objection}. A gate (UseExposition) opens it")]
    public static partial void DoorClosed(ILogger logger, string objection);

    [LoggerMessage(6, LogLevel.Error, "The raw door cannot read the routes of the host.")]
    public static partial void RoutesUnreadable(ILogger logger, Exception exception);
}
