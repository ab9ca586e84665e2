using Exposition.Formats.Settings;
using Exposition.Hosting.Logging;
using Microsoft.Extensions.Options;

namespace Exposition.Hosting.Settings;

/// <summary>What is wrong with the options of an engine, as the result of a validator.</summary>
internal static class CheckedResult
{
    /// <summary>All of it, each with the type of the options, and the name of its engine if that has one.</summary>
    public static ValidateOptionsResult Of(string? engine, object options, IEnumerable<string> faults) =>
        Of(engine, OptionFaults.Of(options, faults));

    /// <summary>All of it, each with the name of its engine if that has one.</summary>
    public static ValidateOptionsResult Of(string? engine, IEnumerable<string> faults)
    {
        string[] all = [.. faults.Select(fault => string.IsNullOrEmpty(engine) ? fault : $"engine {TextLogger.Shown(engine)}: {fault}")];
        return all.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(all);
    }
}
