using Microsoft.Extensions.Logging;

namespace Exposition.Pusher.Hosting;

/// <summary>What the hosted pusher and its like log of pushes.</summary>
internal static partial class PushLog
{
    [LoggerMessage(10, LogLevel.Warning, "{What} ({Unlogged} more like it since the last line)")]
    public static partial void Failed(ILogger logger, string what, long unlogged, Exception? exception);

    [LoggerMessage(11, LogLevel.Information, "Pushes of {Group} succeed again, after {Failed} that failed")]
    public static partial void Recovered(ILogger logger, string group, long failed);

    [LoggerMessage(12, LogLevel.Error, "The last push of {Group} is lost: {Reason}")]
    public static partial void LastPushLost(ILogger logger, string group, string reason, Exception exception);

    [LoggerMessage(13, LogLevel.Error, "{Group} could not be deleted: {Reason}")]
    public static partial void NotDeleted(ILogger logger, string group, string reason, Exception exception);

    [LoggerMessage(14, LogLevel.Warning, "Nothing is pushed of {Meter}/{Instrument}: {Reason}")]
    public static partial void InstrumentLeftOut(ILogger logger, string meter, string instrument, string reason);

    [LoggerMessage(15, LogLevel.Warning, "There is nothing to push of {Group}: expected AddMeter or AddSource after AddPushgateway")]
    public static partial void NoSources(ILogger logger, string group);
}
