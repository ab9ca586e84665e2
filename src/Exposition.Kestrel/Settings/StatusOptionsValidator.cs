using Exposition.Hosting.Settings;
using Exposition.Kestrel.Routing;
using Microsoft.Extensions.Options;

namespace Exposition.Kestrel.Settings;

/// <summary>Says all that is wrong with what the page and the API are to say of a host.</summary>
internal sealed class StatusOptionsValidator : IValidateOptions<ExpositionStatusOptions>
{
    public ValidateOptionsResult Validate(string? name, ExpositionStatusOptions options) =>
        CheckedResult.Of(name, options, FaultsOf(options));

    private static IEnumerable<string> FaultsOf(ExpositionStatusOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Title))
        {
            yield return $"{nameof(ExpositionStatusOptions.Title)} is empty: expected a title of the page";
        }

        if (options.ExternalUrl is not (null or { IsAbsoluteUri: true, Scheme: "http" or "https", Host.Length: > 0 }))
        {
            yield return $"{nameof(ExpositionStatusOptions.ExternalUrl)} is {options.ExternalUrl}: "
                + "expected a URL such as http://gateway:9091/";
        }

        if (RoutePath.FaultOf(options.ExternalPath) is { } fault)
        {
            yield return $"{nameof(ExpositionStatusOptions.ExternalPath)} {fault}";
        }
    }
}
