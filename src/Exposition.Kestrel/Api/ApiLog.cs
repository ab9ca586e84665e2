using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Api;

/// <summary>What operators do by the API.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(22, LogLevel.Information, "metric store wiped")]
    public static partial void Wiped(this ILogger logger, int groups);
}
