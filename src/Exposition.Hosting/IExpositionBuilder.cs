using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Hosting;

/// <summary>Configures one engine of a host, as <c>AddExposition</c> and <c>AddExpositionStore</c> return it.</summary>
public interface IExpositionBuilder
{
    /// <summary>
    /// The name of the engine: of its options, and the key of its services. Empty for the one without a name, whose services have no key.
    /// </summary>
    public string Name { get; }

    /// <summary>The services of the host.</summary>
    public IServiceCollection Services { get; }
}
