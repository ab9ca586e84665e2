using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Raw;

/// <summary>What the raw door logs about its host. What clients cause goes to <see cref="Logging.ClientLog"/>.</summary>
internal static partial class RawLog
{
    [LoggerMessage(5, LogLevel.Warning, "The raw door leaves everything to the endpoints: {Objection}. A gate (UseExposition) opens it")]
    public static partial void DoorClosed(ILogger logger, string objection);

    [LoggerMessage(6, LogLevel.Error, "The raw door cannot read the routes of the host.")]
    public static partial void RoutesUnreadable(ILogger logger, Exception exception);
}
