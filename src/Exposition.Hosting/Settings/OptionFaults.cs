using System.Globalization;
using Exposition.Hosting.Logging;
using Microsoft.Extensions.Options;

namespace Exposition.Hosting.Settings;

/// <summary>What is wrong with options, in words.</summary>
internal static class OptionFaults
{
    /// <summary>Of a limit: 0 means none, less means nothing.</summary>
    public static IEnumerable<string> Negative(string name, long value) =>
        value < 0 ? [string.Create(CultureInfo.InvariantCulture, $"{name} is {value}: expected 0, for no limit, or more")] : [];

    /// <summary>Of a time: 0 means none, less means nothing.</summary>
    public static IEnumerable<string> Negative(string name, TimeSpan value) =>
        value < TimeSpan.Zero ? [$"{name} is {value}: expected 0, for no limit, or more"] : [];

    /// <summary>Of what must be there.</summary>
    public static IEnumerable<string> Null(string name, object? value) => value is null ? [$"{name} is null"] : [];

    /// <summary>With the type of the options in front: several have properties of one name.</summary>
    public static IEnumerable<string> Of<TOptions>(IEnumerable<string> faults) =>
        faults.Select(static fault => $"{typeof(TOptions).Name}.{fault}");

    /// <summary>All of them as one result, each with the name of its engine, if that has one.</summary>
    public static ValidateOptionsResult Result(string? engine, IEnumerable<string> faults)
    {
        string[] all = [.. faults.Select(fault => string.IsNullOrEmpty(engine) ? fault : $"engine {TextLogger.Shown(engine)}: {fault}")];
        return all.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(all);
    }
}
