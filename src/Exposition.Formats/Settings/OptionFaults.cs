using System.Globalization;

namespace Exposition.Formats.Settings;

/// <summary>What is wrong with options, in words that are the same in all libraries.</summary>
internal static class OptionFaults
{
    /// <summary>Of a limit: 0 means none, less means nothing.</summary>
    public static IEnumerable<string> Negative(string name, long value) =>
        value < 0 ? [string.Create(CultureInfo.InvariantCulture, $"{name} is {value}: expected 0, for no limit, or more")] : [];

    /// <summary>Of a time: 0 means none, less means nothing.</summary>
    public static IEnumerable<string> Negative(string name, TimeSpan value) =>
        value < TimeSpan.Zero ? [$"{name} is {value}: expected 0, for no limit, or more"] : [];

    /// <summary>Of what must be there.</summary>
    public static IEnumerable<string> Null(string name, object? value) => value is null ? [$"{name} is null: expected a value"] : [];

    /// <summary>With the type of the options in front: several have properties of one name.</summary>
    public static IEnumerable<string> Of(object options, IEnumerable<string> faults) =>
        faults.Select(fault => $"{options.GetType().Name}.{fault}");

    /// <summary>Refuses options that a constructor or a method was given.</summary>
    /// <exception cref="ArgumentException">Something is wrong: the message says all of it.</exception>
    public static void ThrowIfAny(object options, IEnumerable<string> faults)
    {
        string all = string.Join("; ", Of(options, faults));
        if (all.Length > 0)
        {
            throw new ArgumentException(all, nameof(options));
        }
    }
}
