using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Hosting.Naming;

/// <inheritdoc cref="IExpositionBuilder"/>
internal sealed record ExpositionBuilder(string Name, IServiceCollection Services) : IExpositionBuilder;
