using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Exposition.Hosting.Naming;

/// <summary>
/// The services of one engine among several: with a key where the engine has a name, without one where it has none, so that a host with one
/// engine need not know of keys.
/// </summary>
internal static class NamedServices
{
    /// <summary>Adds a singleton of an engine unless the host has added its own.</summary>
    public static void TryAddNamed<T>(this IServiceCollection services, string name, Func<IServiceProvider, T> make)
        where T : class
    {
        if (name.Length == 0)
        {
            services.TryAddSingleton(make);
        }
        else
        {
            services.TryAddKeyedSingleton(name, (provider, _) => make(provider));
        }
    }

    /// <summary>Adds a singleton of an engine beside others of its type.</summary>
    public static void AddNamed<T>(this IServiceCollection services, string name, Func<IServiceProvider, T> make)
        where T : class
    {
        if (name.Length == 0)
        {
            services.AddSingleton(make);
        }
        else
        {
            services.AddKeyedSingleton(name, (provider, _) => make(provider));
        }
    }

    /// <summary>The service of an engine, or null.</summary>
    public static T? GetNamed<T>(this IServiceProvider services, string name)
        where T : class =>
        name.Length == 0 ? services.GetService<T>() : services.GetKeyedService<T>(name);

    /// <summary>All services of a type that an engine has.</summary>
    public static IEnumerable<T> GetAllNamed<T>(this IServiceProvider services, string name)
        where T : class =>
        name.Length == 0 ? services.GetServices<T>() : services.GetKeyedServices<T>(name);
}
