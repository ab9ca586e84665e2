using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Clients;

/// <summary>A feature of requests that name a configured user. No other name is ever logged or kept.</summary>
/// <param name="Name">The user's name.</param>
internal sealed record KnownUser(string Name)
{
    /// <summary>The user of a request: by the program's own gate, or as the host has authenticated him.</summary>
    public static string? Of(HttpContext context) => context.Features.Get<KnownUser>()?.Name
        ?? (context.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : null);
}
