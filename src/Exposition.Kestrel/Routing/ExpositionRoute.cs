using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Routing;

/// <summary>Marks an endpoint as one of an engine's, for pushes and scrapes.</summary>
/// <param name="Engine">Whose.</param>
/// <param name="Handler">What serves it, as long as no filter or convention of the host stands before it.</param>
internal sealed record ExpositionRoute(ExpositionEngine Engine, RequestDelegate Handler);

/// <summary>Marks every endpoint of an engine.</summary>
/// <param name="Engine">The name of the engine.</param>
/// <param name="Branch">The branch of the host's pipeline whose routes it is among; null for the main one.</param>
internal sealed record MappedRoute(string Engine, object? Branch);
