using System.Net;
using System.Net.Sockets;
using Exposition.Formats;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Listening;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Machine;
using Exposition.Gateway.Replication;
using Exposition.Gateway.SelfMetrics;
using Exposition.Gateway.Web;
using Exposition.Hosting;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Exposition.Persistence;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Exposition.Gateway.Hosting;

/// <summary>Builds the host, runs it to its end, and says with which exit code.</summary>
internal static class GatewayHost
{
    private const int Failed = 1;
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromDays(24);

    /// <summary>Serves until a signal or a quit request.</summary>
    /// <returns>0 if everything went well, 1 if the program could not serve or could not keep its state.</returns>
    public static async Task<int> RunAsync(Flags flags)
    {
        // A bare LF must not end a header line: what is read differently by two parsers can be smuggled past one of them.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        var budget = new LogBudget(TimeProvider.System);
        using var stderr = new StandardError(StandardError.Open());
        using var logs = new LineLoggerProvider(stderr.TryWrite, flags.LogFormat, TimeProvider.System, budget);
        using LoggerFactory factory = HostLog.Create(logs, flags);
        ILogger logger = factory.CreateLogger("Exposition.Gateway");
        using var signals = new OtherSignals(logger);
        using var reloads = new Reloads(logger);
        HostLog.Start(logger, flags);
        try
        {
            return await ServeAsync(flags, factory, logs, budget, reloads, logger);
        }
        catch (Exception e)
        {
            logger.CannotServe(e is ListenException or WebConfigException ? e.Message : $"{e.GetType().Name}: {e.Message}");
            return Failed;
        }
        finally
        {
            budget.Settle();
        }
    }

    private static async Task<int> ServeAsync(
        Flags flags, LoggerFactory factory, LineLoggerProvider logs, LogBudget budget, Reloads reloads, ILogger logger)
    {
        var listeners = new List<(string Asked, ListenOptions Options)>();
        int connections = OpenFiles.Connections(flags.Limits.Connections, logger);

        await using WebConfigFile? web = flags.WebConfigFile.Length > 0
            ? WebConfigFile.Open(flags.WebConfigFile, flags.Limits.PasswordChecks, logger)
            : null;
        reloads.Start(web);
        using var sockets = new UnixSocketFiles();
        await using WebApplication app = Build(flags, connections, web, factory, logs, budget, sockets, listeners);
        ExpositionEngine engine = app.Services.GetRequiredService<ExpositionEngine>();
        engine.Metrics.Limits.Share(Limit.PasswordChecks, () => flags.Limits.PasswordChecks, () => web?.State.Auth?.Waiting ?? 0);
        ReplicationServices.NameLimits(app.Services, engine);
        Map(app, flags, web, reloads, engine);
        if (Array.Find([flags.PersistenceFile, flags.RestoreFrom], FileKind.IsSpecial) is { } special)
        {
            logger.CannotLoad(special, "is a device, a pipe or a socket");
            return Failed;
        }

        web?.Follow();
        using var keeper = new MemoryKeeper(engine.Store, logger);
        bool served = await ListenAsync(app, flags, web, listeners, logger);
        return served && app.Services.GetService<SqlitePersistence>() is not { HasFailed: true } ? 0 : Failed;
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
        catch (DurableStoreException)
        {
            // It has been said already.
            await app.StopAsync();
            return false;
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
        Flags flags, int connections, WebConfigFile? web, LoggerFactory factory, LineLoggerProvider logs, LogBudget budget,
        UnixSocketFiles sockets, List<(string Asked, ListenOptions Options)> listeners)
    {
        // The empty builder reads no environment variables and no settings files: flags are all there is.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        IServiceCollection services = builder.Services;
        services.AddSingleton<ILoggerFactory>(factory);
        services.AddClosedOptions();
        services.AddSingleton(budget);
        services.AddRouting();
        services.AddSingleton<IHostLifetime, SignalLifetime>();
        services.Configure<HostOptions>(
            host => host.ShutdownTimeout = flags.ShutdownTimeout < s_longestTimer ? flags.ShutdownTimeout : s_longestTimer);
        services.AddSingleton<IMetricSource>(new BuildInfoMetric(BuildIdentity.Current));
        services.AddSingleton<IMetricSource>(new LogMetrics(logs, budget));
        if (flags.FullSelfMetricsPath is not null)
        {
            // Beside what is pushed they would be taken for those of jobs: .NET clients push families of such names.
            services.AddSingleton<IMetricSource>(new RuntimeMetrics());
        }

        services.AddSingleton<IMetricSource>(new ProcessMetrics(new ProcFiles(), TimeProvider.System));
        if (web is not null)
        {
            services.AddSingleton<IMetricSource>(web);
            services.AddSingleton(new TlsMetrics(web));
            services.AddSingleton<IMetricSource>(static provider => provider.GetRequiredService<TlsMetrics>());
            services.AddSingleton<IConditionSource>(new WebConditions(web, TimeProvider.System));
        }

        // Ahead of the engine, which puts a memory pool of its own in the place of Kestrel's.
        builder.WebHost.UseKestrelCore();
        services.AddSingleton<IConnectionListenerFactory, PatientListenerFactory>();
        builder.WebHost.UseExpositionReceiveBlocks();
        ExpositionOptions options = EngineOptions(flags, connections);
        services.AddSingleton<IOptionsFactory<ExpositionOptions>>(provider => new FlagOptions(
            options, provider.GetServices<IConfigureOptions<ExpositionOptions>>(),
            provider.GetServices<IPostConfigureOptions<ExpositionOptions>>(), provider.GetServices<IValidateOptions<ExpositionOptions>>()));
        services.Configure<ExpositionStatusOptions>(status => Status.Tell(status, flags));
        IExpositionBuilder exposition = services.AddExposition();
        if (flags.Replication.IsGiven)
        {
            ReplicationServices.Add(services, flags);
        }

        if (flags.PersistenceFile.Length > 0 || flags.RestoreFrom.Length > 0)
        {
            exposition.AddSqlitePersistence(kept =>
            {
                kept.File = flags.PersistenceFile;
                kept.FileName = "--persistence.file";
                kept.CommitInterval = flags.CommitInterval;
                kept.RestoreFrom = flags.RestoreFrom;
                kept.RestoreFromName = "--persistence.restore-from";
            });
        }
        else
        {
            services.AddSingleton<ISnapshotWriter>(new NoSnapshots());
        }

        List<Listener> asked = Listener.From(flags);
        services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = endPoint =>
            endPoint is UnixDomainSocketEndPoint unix
                ? sockets.Bind(unix, flags.SocketMode)
                : SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint));
        builder.WebHost.ConfigureKestrel(kestrel => Server.Configure(kestrel, flags, web, asked, listeners));
        return builder.Build();
    }

    private static ExpositionOptions EngineOptions(Flags flags, int connections)
    {
        ExpositionOptions options = flags.Options;
        options.NamesFlags = true;
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

    private static void Map(WebApplication app, Flags flags, WebConfigFile? web, Reloads reloads, ExpositionEngine engine)
    {
        app.UseExpositionConnectionLimit();
        app.UseExpositionHeadLimits();
        if (web is not null)
        {
            var login = new WebGate(web, engine, flags.HealthWithoutAuth ? new Probes(flags.Prefix) : null);
            app.Use(next => context => login.InvokeAsync(context, next));
        }

        app.UseExpositionOriginRules();
        IServiceProvider services = app.Services;
        var lifecycle = new Lifecycle(flags, engine, reloads, services.GetRequiredService<IHostApplicationLifetime>());
        RouteTable<RouteOwner> main = Routes.Outer(flags);
        if (Routes.Fault(flags, main) is { } fault)
        {
            throw new ListenException(fault);
        }

        var router = new GatewayRouter(main, Routes.Api(flags.EnableAdminApi), flags.Prefix, engine, engine.Log);
        app.Use((context, next) => router.InvokeAsync(context, next));
        app.UseRouting();
        app.MapExposition();
        app.MapExpositionPage();
        app.MapExpositionApi();
        if (flags.EnableAdminApi)
        {
            app.MapExpositionAdminApi();
        }

        if (flags.EnableOtlp)
        {
            app.MapExpositionOtlp();
        }

        lifecycle.Map(app);
    }
}
