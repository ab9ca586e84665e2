using System.Diagnostics.Metrics;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Hosting;
using Exposition.Hosting.Conditions;
using Exposition.Hosting.Logging;
using Exposition.Hosting.Naming;
using Exposition.Hosting.Settings;
using Exposition.Hosting.Starting;
using Exposition.Kestrel;
using Exposition.Kestrel.Conditions;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.Serving;
using Exposition.Kestrel.Settings;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds engines to a host's services.</summary>
/// <example>
/// <code>
/// WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
/// builder.Services.AddExposition(options => options.MaxGroups = 10_000).Bind(builder.Configuration.GetSection("Exposition"));
/// WebApplication app = builder.Build();
/// app.MapExposition();
/// </code>
/// </example>
public static class ExpositionServiceCollectionExtensions
{
    /// <summary>
    /// Adds an engine, its store and its options, each as a singleton unless the host has added its own. Every
    /// <see cref="IMetricSource"/> among the services is exposed, an <see cref="ICommitGate"/> is asked, and the clock is the host's
    /// <see cref="TimeProvider"/> where it has one. Called again it configures the same engine.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>For what else the engine needs.</returns>
    /// <exception cref="OptionsValidationException">At the start of the host: options are wrong; the message names each.</exception>
    public static IExpositionBuilder AddExposition(this IServiceCollection services, Action<ExpositionOptions> configure) =>
        AddExposition(services, "", configure);

    /// <inheritdoc cref="AddExposition(IServiceCollection, Action{ExpositionOptions})"/>
    public static IExpositionBuilder AddExposition(this IServiceCollection services) => AddExposition(services, "");

    /// <summary>
    /// Adds a further engine, which has a name: its options are those of that name, and its services (<see cref="ExpositionEngine"/>,
    /// <see cref="MetricStore"/>, <see cref="IMetricSource"/>, <see cref="ICommitGate"/>, <see cref="IRequestGate"/>) are keyed by it. To
    /// be mapped under its name, below a prefix of its own.
    /// </summary>
    /// <inheritdoc cref="AddExposition(IServiceCollection, Action{ExpositionOptions})"/>
    /// <param name="services">The services of the host.</param>
    /// <param name="name">The name, and the key of its services.</param>
    /// <param name="configure">Sets the options.</param>
    public static IExpositionBuilder AddExposition(
        this IServiceCollection services, string name, Action<ExpositionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        services.AddChecked(name, new ExpositionOptionsValidator(), configure, static (options, time) => options.Time = time);
        services.AddChecked<ExpositionStatusOptions>(name, new StatusOptionsValidator(), configure: null);

        // Of all engines together: what clients cause is bounded for the host.
        services.TryAddSingleton(static provider => new LogBudget(provider.GetService<TimeProvider>() ?? TimeProvider.System));
        services.TryAddNamed(name, provider => new ClientLog(
            provider.GetService<ILoggerFactory>()?.CreateLogger<ExpositionEngine>() ?? (ILogger)NullLogger.Instance,
            provider.GetRequiredService<LogBudget>(), name));
        services.AddMetrics();
        if (!services.Any(static service => service.ServiceType == typeof(MappingCheck)))
        {
            services.AddSingleton<MappingCheck>();
            services.AddSingleton<IStartupFilter>(static provider => provider.GetRequiredService<MappingCheck>());
            services.AddSingleton<ILaterStartChecks>(static provider => provider.GetRequiredService<MappingCheck>());
            StartChecks.Add(services, static provider => provider.GetRequiredService<MappingCheck>());
        }

        services.TryAddNamed(name, provider => StoreOf(OptionsOf(provider, name), provider.GetNamed<ClientLog>(name)!));
        services.TryAddNamed(name, provider => EngineOf(provider, name));
        if (!services.Any(service => service.ServiceType == typeof(ConditionWatch) && Equals(service.ServiceKey ?? "", name)))
        {
            services.AddNamed<IConditionSource>(name, provider => new EngineConditions(provider.GetNamed<ExpositionEngine>(name)!));
            services.AddNamed(name, provider => new ConditionWatch(
                provider.GetAllNamed<IConditionSource>(name), OptionsOf(provider, name).Time,
                new TextLogger(provider.GetNamed<ClientLog>(name)!.Logger)));
        }

        return new ExpositionBuilder(name, services);
    }

    /// <summary>
    /// Reads the options of an engine from a section of the configuration, by the names of their properties: without reflection, so also in
    /// a native build. <c>ExpiryRules</c> is a list of rules as <see cref="ExpiryRule.Parse"/> reads them, <c>PushExpectations</c> one of
    /// rules as <see cref="PushExpectation.Parse"/> reads them, <c>PushModes</c> and <c>Aggregates</c> of rules as
    /// <see cref="ModeRule.Parse"/> and <see cref="AggregateRule.Parse"/> read them, <c>TrustedProxies</c> one of networks. What is not
    /// understood, also the name of a setting, is an error of the start, all in one message.
    /// </summary>
    /// <param name="builder">What <c>AddExposition</c> has returned.</param>
    /// <param name="section">The section.</param>
    /// <returns>The same builder.</returns>
    public static IExpositionBuilder Bind(this IExpositionBuilder builder, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(section);
        BoundSettings<ExpositionOptions>.Add(builder, section, ExpositionSettings.Table);
        return builder;
    }

    private static ExpositionOptions OptionsOf(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IOptionsMonitor<ExpositionOptions>>().Get(name);

    private static MetricStore StoreOf(ExpositionOptions options, ClientLog log)
    {
        options.Store.ExpiryRules = [.. options.ExpiryRules];
        options.Store.PushExpectations = [.. options.PushExpectations];
        options.Store.PushModes = [.. options.PushModes];
        options.Store.Aggregates = [.. options.Aggregates];
        options.Store.FamilyHidden = log.Hidden;
        options.Store.ObserverFailed ??= thrown => log.Failed("an observer of the store has thrown, the store goes on", thrown);
        options.Store.ExpiryFailed = thrown => log.Failed("metrics of a group could not expire, trying again", thrown);
        return new MetricStore(options.Store);
    }

    private static ExpositionEngine EngineOf(IServiceProvider provider, string name)
    {
        ExpositionOptions options = OptionsOf(provider, name);
        options.CommitGate ??= provider.GetNamed<ICommitGate>(name);
        options.Changes ??= provider.GetNamed<IChangeTarget>(name);
        var engine = new ExpositionEngine(
            provider.GetNamed<MetricStore>(name)!, options, provider.GetAllNamed<IMetricSource>(name), provider.GetNamed<ClientLog>(name)!);
        engine.Measure(provider.GetRequiredService<IMeterFactory>(), name);
        return engine;
    }
}
