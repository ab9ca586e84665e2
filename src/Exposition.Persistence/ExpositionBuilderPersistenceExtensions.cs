using Exposition.Engine;
using Exposition.Formats;
using Exposition.Hosting;
using Exposition.Hosting.Conditions;
using Exposition.Hosting.Logging;
using Exposition.Hosting.Naming;
using Exposition.Hosting.Settings;
using Exposition.Persistence;
using Exposition.Persistence.Conditions;
using Exposition.Persistence.SelfMetrics;
using Exposition.Persistence.Settings;
using Exposition.Persistence.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets the state of an engine outlive its process.</summary>
/// <example>
/// <code>
/// builder.Services.AddExposition().AddSqlitePersistence(options => options.File = "state.db");
/// builder.Services.AddHealthChecks().AddExposition();
/// </code>
/// </example>
public static class ExpositionBuilderPersistenceExtensions
{
    /// <summary>
    /// Keeps the groups of the engine in a SQLite file: loaded when the host starts, before pushes and scrapes are served, written as they
    /// change, and saved when it stops. What happens is logged; <see cref="SqlitePersistence"/> and the engine's scrapes
    /// (<c>pushgateway_persistence_*</c>) tell how it is doing. Called again it configures the same file.
    /// </summary>
    /// <param name="builder">The engine.</param>
    /// <param name="configure">Says where.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">At the start of the host: no file is given, or an interval below zero.</exception>
    public static IExpositionBuilder AddSqlitePersistence(this IExpositionBuilder builder, Action<SqlitePersistenceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        string name = builder.Name;
        IServiceCollection services = builder.Services;
        services.AddChecked(name, new SqlitePersistenceValidator(), configure);
        if (services.Any(service => service.ServiceType == typeof(SqlitePersistence) && Equals(service.ServiceKey ?? "", name)))
        {
            return builder;
        }

        SqlitePersistenceOptions OptionsOf(IServiceProvider provider) =>
            provider.GetRequiredService<IOptionsMonitor<SqlitePersistenceOptions>>().Get(name);
        services.AddNamed(name, provider => new SqlitePersistence(
            provider.GetNamed<MetricStore>(name)!, OptionsOf(provider), TimeOf(provider), LoggerOf(provider),
            provider.GetService<IHostApplicationLifetime>()));
        services.TryAddNamed<ICommitGate>(name, provider => provider.GetNamed<SqlitePersistence>(name)!);
        services.TryAddNamed<ISnapshotWriter>(name, provider => new SnapshotFiles(
            provider.GetNamed<MetricStore>(name)!, OptionsOf(provider), TimeOf(provider), LoggerOf(provider)));
        services.AddNamed<IConditionSource>(name, provider => new PersistenceConditions(
            () => provider.GetNamed<SqlitePersistence>(name)!.Status, OptionsOf(provider).CommitInterval));
        services.AddNamed<IStatusSource>(name, provider => new PersistenceFacts(provider.GetNamed<SqlitePersistence>(name)!));
        services.AddNamed<IMetricSource>(name, provider => new PersistenceMetrics(provider.GetNamed<SqlitePersistence>(name)!));
        services.AddSingleton<IHostedService>(provider => provider.GetNamed<SqlitePersistence>(name)!);
        return builder;
    }

    /// <summary>The same, with the options from a section of the configuration.</summary>
    /// <param name="builder">The engine.</param>
    /// <param name="section">A section with <c>File</c>, <c>CommitInterval</c>, <c>RestoreFrom</c>.</param>
    /// <returns>The same builder.</returns>
    public static IExpositionBuilder AddSqlitePersistence(this IExpositionBuilder builder, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(section);
        BoundSettings<SqlitePersistenceOptions>.Add(builder, section, SqlitePersistenceSettings.Table);
        return builder.AddSqlitePersistence(static _ => { });
    }

    private static TimeProvider TimeOf(IServiceProvider provider) => provider.GetService<TimeProvider>() ?? TimeProvider.System;

    private static ILogger LoggerOf(IServiceProvider provider) =>
        provider.GetService<ILoggerFactory>() is { } loggers
            ? new TextLogger(loggers.CreateLogger<SqlitePersistence>())
            : NullLogger.Instance;
}
