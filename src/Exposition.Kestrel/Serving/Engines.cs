using Exposition.Hosting.Naming;

namespace Exposition.Kestrel.Serving;

/// <summary>The engines of a host.</summary>
internal static class Engines
{
    /// <summary>The engine of a name.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static ExpositionEngine EngineOf(this IServiceProvider services, string name) =>
        services.GetNamed<ExpositionEngine>(name) ?? throw new InvalidOperationException(name.Length == 0
            ? "the services have no exposition engine: call services.AddExposition()"
            : $"the services have no exposition engine of the name {name}: call services.AddExposition(\"{name}\")");
}
