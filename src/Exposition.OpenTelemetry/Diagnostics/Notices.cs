using Exposition.Pusher.Telemetry;
using Microsoft.Extensions.Logging;

namespace Exposition.OpenTelemetry.Diagnostics;

/// <summary>
/// Says once of each instrument what of it cannot be pushed, though it cannot at each push. A limited number of lines; then one says that
/// there is more. Used by one push at a time.
/// </summary>
internal sealed partial class Notices(ILogger logger)
{
    private const int MostLines = 100;

    private readonly HashSet<(string Instrument, string What)> _said = [];

    /// <summary>Something is left out.</summary>
    /// <param name="meter">Of which meter.</param>
    /// <param name="instrument">Of which instrument.</param>
    /// <param name="what">What, and why: the same text for the same reason.</param>
    public void LeftOut(string meter, string instrument, string what)
    {
        PushMetrics.SourceFailed();
        Changed(meter, instrument, what);
    }

    /// <summary>Something is pushed, but not all that there is of it.</summary>
    /// <inheritdoc cref="LeftOut"/>
    public void Changed(string meter, string instrument, string what)
    {
        if (_said.Count > MostLines || !_said.Add(($"{meter}/{instrument}", what)))
        {
            return;
        }

        if (_said.Count > MostLines)
        {
            Ended(logger, MostLines);
        }
        else
        {
            Said(logger, meter, instrument, what);
        }
    }

    [LoggerMessage(20, LogLevel.Warning, "Of the instrument {Meter}/{Instrument}, {What}")]
    private static partial void Said(ILogger logger, string meter, string instrument, string what);

    [LoggerMessage(21, LogLevel.Warning, "More is left out than is logged: there have been {Lines} lines of that kind")]
    private static partial void Ended(ILogger logger, int lines);
}
