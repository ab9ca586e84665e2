using Exposition.Engine;
using Exposition.Formats;
using Exposition.Hosting;
using Exposition.Hosting.Naming;
using Exposition.Hosting.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a store of pushed metrics to a host without HTTP, such as a worker.</summary>
/// <example>
/// <code>
/// HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
/// builder.Services.AddExpositionStore(options => options.MaxGroups = 10_000);
/// </code>
/// </example>
public static class ExpositionStoreServiceCollectionExtensions
{
    /// <summary>
    /// Adds a <see cref="MetricStore"/> as a singleton, made from the <see cref="StoreOptions"/> of the host, unless there is one already.
    /// The clock is the host's <see cref="TimeProvider"/> where it has one. Called again it configures the same store.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>For what else the store needs.</returns>
    public static IExpositionBuilder AddExpositionStore(this IServiceCollection services, Action<StoreOptions> configure) =>
        AddExpositionStore(services, "", configure);

    /// <inheritdoc cref="AddExpositionStore(IServiceCollection, Action{StoreOptions})"/>
    public static IExpositionBuilder AddExpositionStore(this IServiceCollection services) => AddExpositionStore(services, "");

    /// <summary>
    /// Adds a further store, which has a name: its options are those of that name, and the store is a keyed service.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="name">The name, and the key of its services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>For what else the store needs.</returns>
    public static IExpositionBuilder AddExpositionStore(
        this IServiceCollection services, string name, Action<StoreOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        services.AddChecked(name, new StoreOptionsValidator(), configure, static (options, time) => options.Time = time);
        services.TryAddNamed(name, provider => new MetricStore(provider.GetRequiredService<IOptionsMonitor<StoreOptions>>().Get(name)));
        return new ExpositionBuilder(name, services);
    }

    /// <summary>
    /// Reads the options of a store from a section of the configuration, by the names of their properties: without reflection, so also in a
    /// native build. <c>ExpiryRules</c> is a list of rules as <see cref="ExpiryRule.Parse"/> reads them, <c>PushExpectations</c> one of
    /// rules as <see cref="PushExpectation.Parse"/> reads them. What is not understood, also the
    /// name of a setting, is an error of the start, all in one message.
    /// </summary>
    /// <param name="builder">What <c>AddExpositionStore</c> has returned.</param>
    /// <param name="section">The section.</param>
    /// <returns>The same builder.</returns>
    public static IExpositionBuilder BindStore(this IExpositionBuilder builder, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(section);
        BoundSettings<StoreOptions>.Add(builder, section, StoreSettings.Table);
        return builder;
    }

    /// <summary>Exposes a source with each scrape of the engine, and reserves the names of its families.</summary>
    /// <typeparam name="TSource">The source, made by the host's services.</typeparam>
    /// <param name="builder">The engine.</param>
    /// <returns>The same builder.</returns>
    public static IExpositionBuilder AddSource<[System.Diagnostics.CodeAnalysis.DynamicallyAccessedMembers(
        System.Diagnostics.CodeAnalysis.DynamicallyAccessedMemberTypes.PublicConstructors)] TSource>(this IExpositionBuilder builder)
        where TSource : class, IMetricSource
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddNamed<IMetricSource>(builder.Name, static provider => ActivatorUtilities.CreateInstance<TSource>(provider));
        return builder;
    }

    /// <summary>Exposes a source with each scrape of the engine, and reserves the names of its families.</summary>
    /// <param name="builder">The engine.</param>
    /// <param name="source">The source; who has made it disposes of it.</param>
    /// <returns>The same builder.</returns>
    public static IExpositionBuilder AddSource(this IExpositionBuilder builder, IMetricSource source)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(source);
        builder.Services.AddNamed(builder.Name, _ => source);
        return builder;
    }
}
