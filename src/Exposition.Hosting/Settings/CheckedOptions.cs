using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Exposition.Hosting.Settings;

/// <summary>Options of an engine that are checked when the host starts.</summary>
internal static class CheckedOptions
{
    /// <summary>Adds them, unless they are there already, and what sets them.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="name">The name of the engine.</param>
    /// <param name="validator">Says all that is wrong with them; added once.</param>
    /// <param name="configure">Sets them; null for nothing.</param>
    /// <param name="setClock">Takes the host's clock, if it has one; null where they have none.</param>
    public static void AddChecked<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TOptions>(
        this IServiceCollection services, string name, IValidateOptions<TOptions> validator, Action<TOptions>? configure,
        Action<TOptions, TimeProvider>? setClock = null)
        where TOptions : class
    {
        OptionsBuilder<TOptions> options = services.AddOptions<TOptions>(name).ValidateOnStart();
        if (setClock is not null)
        {
            options.Configure<IServiceProvider>((values, provider) =>
            {
                if (provider.GetService<TimeProvider>() is { } time)
                {
                    setClock(values, time);
                }
            });
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton(validator));
    }
}
