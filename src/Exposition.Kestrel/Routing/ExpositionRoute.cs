using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Routing;

/// <summary>Marks an endpoint as one of an engine's.</summary>
/// <param name="Engine">Whose.</param>
/// <param name="Handler">What serves it, as long as no filter or convention of the host stands before it.</param>
internal sealed record ExpositionRoute(ExpositionEngine Engine, RequestDelegate Handler);
