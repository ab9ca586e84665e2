using Exposition.Formats.Settings;
using Microsoft.Extensions.Options;

namespace Exposition.Pusher.Hosting;

/// <summary>Says all that is wrong with the options of the hosted pusher.</summary>
internal sealed class PusherOptionsValidator : IValidateOptions<PusherOptions>
{
    public ValidateOptionsResult Validate(string? name, PusherOptions options)
    {
        string[] faults = [.. OptionFaults.Of(options, options.Faults())];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
