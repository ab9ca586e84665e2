using System.Net;
using System.Net.Sockets;
using Exposition.Gateway.Api;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Listening;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Machine;
using Exposition.Gateway.Page;
using Exposition.Gateway.SelfMetrics;
using Exposition.Gateway.Web;
using Exposition.Formats;
using Exposition.Kestrel;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

/// <summary>Builds the host, runs it to its end, and says with which exit code.</summary>
internal static class GatewayHost
{
    private const int Failed = 1;
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromDays(24);
    private static readonly TimeSpan s_quickLoad = TimeSpan.FromMilliseconds(250);

    /// <summary>Serves until a signal or a quit request.</summary>
    /// <returns>0 if everything went well, 1 if the program could not serve or could not keep its state.</returns>
    public static async Task<int> RunAsync(Flags flags)
    {
        // A bare LF must not end a header line: what is read differently by two parsers can be smuggled past one of them.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        var budget = new LogBudget(TimeProvider.System);
        using var stderr = new StandardError(StandardError.Open());
        using var logs = new LineLoggerProvider(stderr.TryWrite, flags.LogFormat, TimeProvider.System, budget);
        using ILoggerFactory factory = LoggerFactory.Create(builder => HostLog.Configure(builder, logs, flags));
        ILogger logger = factory.CreateLogger("Exposition.Gateway");
        using var signals = new OtherSignals(logger);
        HostLog.Start(logger, flags);
        try
        {
            return await ServeAsync(flags, logs, budget, logger);
        }
        catch (Exception e)
        {
            logger.CannotServe(e is ListenException or WebConfigException ? e.Message : $"{e.GetType().Name}: {e.Message}");
            return Failed;
        }
    }

    private static async Task<int> ServeAsync(Flags flags, LineLoggerProvider logs, LogBudget budget, ILogger logger)
    {
        var listeners = new List<(string Asked, ListenOptions Options)>();
        int connections = OpenFiles.Connections(flags.Limits.Connections, logger);

        await using WebConfigFile? web = flags.WebConfigFile.Length > 0
            ? WebConfigFile.Open(flags.WebConfigFile, flags.Limits.PasswordChecks, logger)
            : null;
        await using var durability = new Durability(flags, TimeProvider.System, logger);
        using var sockets = new UnixSocketFiles();
        await using WebApplication app = Build(flags, connections, web, logs, budget, durability, sockets, listeners);
        ExpositionEngine engine = app.Services.GetRequiredService<ExpositionEngine>();
        Map(app, flags, web, engine, durability);
        if (!durability.TryOpen(engine.Store))
        {
            return Failed;
        }

        web?.Follow();
        using var keeper = new MemoryKeeper(engine.Store, logger);

        // What loads quickly is there before the port is open. While more is being loaded, the program says that it lives but is not ready.
        using var stop = new CancellationTokenSource();
        Task<bool> loading = Task.Run(() => LoadOrStop(durability, app.Lifetime, stop.Token));
        await Task.WhenAny(loading, Task.Delay(s_quickLoad));
        bool served = (!loading.IsCompletedSuccessfully || await loading) && await ListenAsync(app, flags, web, listeners, logger);
        await stop.CancelAsync();
        bool kept = await loading && await durability.StopAsync();
        return served && kept ? 0 : Failed;
    }

    private static bool LoadOrStop(Durability durability, IHostApplicationLifetime lifetime, CancellationToken cancellation)
    {
        bool loaded = false;
        try
        {
            return loaded = durability.Load(cancellation);
        }
        finally
        {
            if (!loaded)
            {
                lifetime.StopApplication();
            }
        }
    }

    private static async Task<bool> ListenAsync(
        WebApplication app, Flags flags, WebConfigFile? web, List<(string Asked, ListenOptions Options)> listeners, ILogger logger)
    {
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Stopped before it served.
            logger.Stopped();
            return true;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            string asked = listeners.Select(static l => l.Asked)
                .FirstOrDefault(asked => e.Message.Contains(asked, StringComparison.Ordinal)) ?? listeners[^1].Asked;
            logger.CannotServe(
                $"listen {(asked.StartsWith("unix:", StringComparison.Ordinal) ? asked.Replace(':', ' ') : "tcp " + asked)}: bind: "
                + "address already in use");
            return false;
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            logger.CannotServe("listen tcp: " + e.Message);
            return false;
        }

        if (flags.SystemdSocket)
        {
            logger.ListeningOnSystemd();
        }

        foreach ((string asked, ListenOptions options) in listeners)
        {
            string address = options.EndPoint is IPEndPoint endPoint ? endPoint.ToString() : asked;
            logger.Listening(address);
            if (web?.State is { Tls: not null } state)
            {
                logger.Tls(state.Config.Http2, address);
            }
            else
            {
                logger.NoTls(false, address);
            }
        }

        Systemd.Notify("READY=1", logger);
        app.Lifetime.ApplicationStopping.Register(() => Systemd.Notify("STOPPING=1", logger));
        await app.WaitForShutdownAsync();
        logger.Stopped();
        return true;
    }

    private static WebApplication Build(
        Flags flags, int connections, WebConfigFile? web, LineLoggerProvider logs, LogBudget budget, Durability durability,
        UnixSocketFiles sockets, List<(string Asked, ListenOptions Options)> listeners)
    {
        // The empty builder reads no environment variables and no settings files: flags are all there is.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.Services.AddLogging(logging => HostLog.Configure(logging, logs, flags));
        IServiceCollection services = builder.Services;
        services.AddSingleton(budget);
        services.AddRouting();
        services.AddSingleton<IHostLifetime, SignalLifetime>();
        services.Configure<HostOptions>(
            host => host.ShutdownTimeout = flags.ShutdownTimeout < s_longestTimer ? flags.ShutdownTimeout : s_longestTimer);
        services.AddSingleton<IMetricSource>(new BuildInfoMetric(BuildIdentity.Current));
        services.AddSingleton<IMetricSource>(new ProcessMetrics(new ProcFiles(), TimeProvider.System));
        services.AddSingleton<IMetricSource>(new PersistenceMetrics(durability));
        if (web is not null)
        {
            services.AddSingleton<IMetricSource>(web);
        }

        // Ahead of the engine, which puts a memory pool of its own in the place of Kestrel's.
        builder.WebHost.UseKestrelCore();
        services.AddSingleton<IConnectionListenerFactory, PatientListenerFactory>();
        services.AddSingleton(EngineOptions(flags, connections, durability));
        services.AddExposition();
        List<Listener> asked = Listener.From(flags);
        services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = endPoint =>
            endPoint is UnixDomainSocketEndPoint unix
                ? sockets.Bind(unix, flags.SocketMode)
                : SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint));
        builder.WebHost.ConfigureKestrel(kestrel => Server.Configure(kestrel, flags, web, asked, listeners));
        return builder.Build();
    }

    private static ExpositionOptions EngineOptions(Flags flags, int connections, Durability durability)
    {
        ExpositionOptions options = flags.Options;
        options.CommitGate = durability;
        options.RoutePrefix = flags.Prefix;
        options.TelemetryPath = WebPaths.Join("", flags.TelemetryPath);
        options.SelfMetricsPath = flags.SelfMetricsPath.Length > 0 ? WebPaths.Join("", flags.SelfMetricsPath) : "";
        options.MaxConnections = connections;
        if (flags.ExternalOrigin is { } origin)
        {
            options.TrustedOrigins.Add(origin);
        }

        return options.SelfMetricsError() is { } error
            ? throw new ListenException($"--web.self-metrics-path={flags.SelfMetricsPath} {error}")
            : options;
    }

    private static void Map(WebApplication app, Flags flags, WebConfigFile? web, ExpositionEngine engine, Durability durability)
    {
        app.UseExpositionConnectionLimit();
        app.UseExpositionHeadLimits();
        if (web is not null)
        {
            var gate = new WebGate(web, engine);
            app.Use(next => context => gate.InvokeAsync(context, next));
        }

        app.UseExpositionOriginRules();
        IServiceProvider services = app.Services;
        ILoggerFactory loggers = services.GetRequiredService<ILoggerFactory>();
        TimeProvider time = TimeProvider.System;
        var assets = new Assets();
        var api = new ApiHandlers(flags, BuildIdentity.Current, engine, durability, time, loggers.CreateLogger<ApiHandlers>());
        var snapshot = new SnapshotHandler(flags, engine.Store, durability, time, loggers.CreateLogger<SnapshotHandler>());
        var page = new StatusPage(flags, BuildIdentity.Current, engine, api, assets, time);
        var lifecycle = new Lifecycle(
            flags, durability, services.GetRequiredService<IHostApplicationLifetime>(), loggers.CreateLogger<Lifecycle>());
        RouteTable<RouteTarget> main = Routes.Outer(flags, page, assets, lifecycle);
        if (Routes.Fault(flags, main) is { } fault)
        {
            throw new ListenException(fault);
        }

        var router = new GatewayRouter(main, Routes.Api(flags, api, snapshot), flags.Prefix, engine, engine.Log);
        app.Use((context, next) => router.InvokeAsync(context, next));
        app.UseRouting();
        app.MapExposition();
    }
}
