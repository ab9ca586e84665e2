using System.Diagnostics.CodeAnalysis;
using Exposition.Kestrel;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Exposition.Gateway.Hosting;

// The framework adds IOptions<> and its like as open types, which the container closes with reflection. In a native build the types that
// come of it are put together at run time: a million instructions each, and two fifths of a start.

/// <summary>Makes the services of the options that every start asks for, with types that the compiler knows.</summary>
internal static class ClosedOptions
{
    /// <summary>Adds them. What sets and checks the options stays as it is.</summary>
    public static void AddClosedOptions(this IServiceCollection services)
    {
        services.AddClosed<ExpositionOptions>();
        services.AddClosed<ExpositionStatusOptions>();
        services.AddClosed<FormOptions>();
        services.AddClosed<HostFilteringOptions>();
        services.AddClosed<HostOptions>();
        services.AddClosed<KestrelServerOptions>();
        services.AddClosed<RateLimiterOptions>();
        services.AddClosed<RequestTimeoutOptions>();
        services.AddClosed<RouteHandlerOptions>();
        services.AddClosed<RouteOptions>();
        services.AddClosed<SocketTransportOptions>();
    }

    private static void AddClosed<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TOptions>(
        this IServiceCollection services)
        where TOptions : class
    {
        services.AddSingleton<IOptionsFactory<TOptions>>(static provider => new OptionsFactory<TOptions>(
            provider.GetServices<IConfigureOptions<TOptions>>(), provider.GetServices<IPostConfigureOptions<TOptions>>(),
            provider.GetServices<IValidateOptions<TOptions>>()));
        services.AddSingleton<IOptions<TOptions>>(
            static provider => new OptionsManager<TOptions>(provider.GetRequiredService<IOptionsFactory<TOptions>>()));
        services.AddSingleton<IOptionsMonitor<TOptions>>(static provider => new OptionsMonitor<TOptions>(
            provider.GetRequiredService<IOptionsFactory<TOptions>>(), provider.GetServices<IOptionsChangeTokenSource<TOptions>>(),
            new OptionsCache<TOptions>()));
    }
}
