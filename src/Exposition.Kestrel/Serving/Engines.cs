using Exposition.Hosting.Naming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Exposition.Kestrel.Serving;

/// <summary>The engines of a host.</summary>
internal static class Engines
{
    /// <summary>The engine of a name.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    /// <exception cref="OptionsValidationException">Its options are wrong.</exception>
    /// <exception cref="AggregateException">Others, too: what the host would say at its start, in one message.</exception>
    public static ExpositionEngine EngineOf(this IServiceProvider services, string name)
    {
        try
        {
            return services.GetNamed<ExpositionEngine>(name) ?? throw new InvalidOperationException(name.Length == 0
                ? "the services have no exposition engine: call services.AddExposition()"
                : $"the services have no exposition engine of the name {name}: call services.AddExposition(\"{name}\")");
        }
        catch (OptionsValidationException)
        {
            services.GetService<IStartupValidator>()?.Validate();
            throw;
        }
    }
}
