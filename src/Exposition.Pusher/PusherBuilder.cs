using System.Diagnostics.CodeAnalysis;
using Exposition.Formats;
using Exposition.Formats.Meters;
using Exposition.Pusher.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Exposition.Pusher;

/// <summary>Says what the hosted pusher pushes. Made by <c>AddPushgateway</c>.</summary>
public sealed class PusherBuilder
{
    private readonly MeterNames _meters;

    internal PusherBuilder(IServiceCollection services, IHttpClientBuilder httpClient, MeterNames meters) =>
        (Services, HttpClient, _meters) = (services, httpClient, meters);

    /// <summary>The services of the host.</summary>
    public IServiceCollection Services { get; }

    /// <summary>
    /// The client that pushes, for credentials, proxies, certificates and handlers. What pushes do is logged by the pusher; the loggers of
    /// the factory are removed, and come back with <c>AddDefaultLogger</c>.
    /// </summary>
    public IHttpClientBuilder HttpClient { get; }

    /// <summary>Pushes what a meter measures from the start of the host on; see <see cref="MeterSource"/>.</summary>
    /// <param name="name">A name, or its beginning with an asterisk at the end: <c>MyApp.*</c>.</param>
    /// <exception cref="ArgumentException">It is empty, or has an asterisk before its end.</exception>
    public PusherBuilder AddMeter(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!MeterPatterns.IsPattern(name))
        {
            throw new ArgumentException(
                $"\"{name}\" names no meter: expected a name, or its beginning with an asterisk at the end: \"MyApp.*\"", nameof(name));
        }

        _meters.Names.Add(name);
        return this;
    }

    /// <summary>Pushes what a source has, which is made once, with what its constructor asks the services for.</summary>
    /// <typeparam name="T">The source. Its failures cost its own metrics only.</typeparam>
    public PusherBuilder AddSource<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>()
        where T : class, IMetricSource
    {
        Services.TryAddSingleton<T>();
        Services.AddKeyedSingleton<IMetricSource>(PusherSources.Key, static (services, _) => services.GetRequiredService<T>());
        return this;
    }

    /// <summary>Pushes what a source has.</summary>
    /// <param name="source">Belongs to the caller. Its failures cost its own metrics only.</param>
    public PusherBuilder AddSource(IMetricSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Services.AddKeyedSingleton(PusherSources.Key, source);
        return this;
    }
}
