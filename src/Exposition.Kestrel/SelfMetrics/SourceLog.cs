using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>What is logged of own families.</summary>
internal static partial class SourceLog
{
    [LoggerMessage(20, LogLevel.Error, "Families of {Source} are left out of scrapes: {Reason}")]
    public static partial void SourceFailed(ILogger logger, string source, string reason, Exception? exception);
}
