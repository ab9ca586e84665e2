using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Exposition.Hosting.Starting;

// They go as options without values: so a host without routes tells what is found together with what is wrong with its options.

/// <summary>The start checks of a host.</summary>
internal sealed class StartChecks
{
    /// <summary>Adds a check.</summary>
    public static void Add(IServiceCollection services, Func<IServiceProvider, IStartCheck> make)
    {
        services.AddOptions<StartChecks>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StartChecks>, StartCheckValidator>());
        services.AddSingleton(make);
    }

    /// <summary>Ends the start if anything is wrong.</summary>
    /// <exception cref="OptionsValidationException">All that is wrong.</exception>
    public static void Run(IServiceProvider services)
    {
        string[] faults = FaultsOf(services);
        if (faults.Length > 0)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(StartChecks), faults);
        }
    }

    private static string[] FaultsOf(IServiceProvider services) =>
        [.. services.GetServices<IStartCheck>().SelectMany(static check => check.Faults()).Distinct()];

    private sealed class StartCheckValidator(IServiceProvider services) : IValidateOptions<StartChecks>
    {
        public ValidateOptionsResult Validate(string? name, StartChecks options) =>
            services.GetService<ILaterStartChecks>() is { AreComing: true } ? ValidateOptionsResult.Skip
                : FaultsOf(services) is { Length: > 0 } faults ? ValidateOptionsResult.Fail(faults)
                : ValidateOptionsResult.Success;
    }
}
