using System.Runtime.InteropServices;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Web;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

/// <summary>What a reload has come to.</summary>
/// <param name="HasConfig">Whether there is anything that could be read again.</param>
/// <param name="Error">Why what is there now cannot be used; null if it is in force.</param>
internal readonly record struct ReloadOutcome(bool HasConfig, string? Error);

/// <summary>
/// Reads the web configuration and its certificates again when somebody asks for it: by SIGHUP, as units do, or by a request. Whatever
/// comes of it, the program goes on.
/// </summary>
internal sealed class Reloads : IDisposable
{
    private readonly ILogger _logger;
    private readonly PosixSignalRegistration _signal;
    private volatile WebConfigFile? _web;
    private volatile bool _started;

    /// <summary>From now on SIGHUP does not end the program.</summary>
    public Reloads(ILogger logger)
    {
        _logger = logger;
        _signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            Reload(context.Signal.ToString());
        });
    }

    /// <summary>The web configuration was read for the first time; null if there is none.</summary>
    public void Start(WebConfigFile? web)
    {
        _web = web;
        _started = true;
    }

    /// <summary>Reads it again at once, and logs what comes of it.</summary>
    /// <param name="by">The signal that asks for it, for the log.</param>
    public ReloadOutcome Reload(string by)
    {
        if (_web is not { } web)
        {
            if (_started)
            {
                _logger.NothingToReload(by);
            }
            else
            {
                _logger.SignalIgnored(by);
            }

            return default;
        }

        string? error = web.ReloadNow();
        if (error is null)
        {
            _logger.Reloaded(web.FullPath, by);
        }
        else
        {
            _logger.ReloadRefused(web.FullPath, by, error);
        }

        return new ReloadOutcome(true, error);
    }

    /// <summary>The same without a line: whoever has asked by a request is logged with his address, within the budget for that.</summary>
    public ReloadOutcome ReloadUnlogged() => _web is { } web ? new ReloadOutcome(true, web.ReloadNow()) : default;

    public void Dispose() => _signal.Dispose();
}
