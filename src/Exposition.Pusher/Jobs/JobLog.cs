using Microsoft.Extensions.Logging;

namespace Exposition.Pusher.Jobs;

/// <summary>What is logged of runs.</summary>
internal static partial class JobLog
{
    [LoggerMessage(1, LogLevel.Warning, "The run of {Group} has failed")]
    public static partial void RunFailed(ILogger logger, string group, Exception? exception);

    [LoggerMessage(2, LogLevel.Error, "The run of {Group} could not be pushed: {Reason}")]
    public static partial void NotPushed(ILogger logger, string group, string reason, Exception exception);

    [LoggerMessage(3, LogLevel.Error, "Of the run of {Group}, {What}")]
    public static partial void LeftOut(ILogger logger, string group, string what, Exception? exception);
}
