using System.Globalization;
using Exposition.Formats.Go;
using Microsoft.Extensions.Configuration;

namespace Exposition.Hosting.Settings;

// The framework's binder cannot read rules and networks, stops at the first error, and lets a misspelled name pass.

/// <summary>The settings of some options, and how their values are written.</summary>
internal sealed class SettingTable<TOptions> : List<Setting<TOptions>>
{
    public void Add(string name, Action<TOptions, int> set) => Add(name, (options, text) => set(options, Whole<int>(text)));

    public void Add(string name, Action<TOptions, long> set) => Add(name, (options, text) => set(options, Whole<long>(text)));

    public void Add(string name, Action<TOptions, bool> set) => Add(name, (options, text) =>
        set(options, bool.TryParse(text, out bool value) ? value : throw new FormatException("expected true or false")));

    public void Add(string name, Action<TOptions, TimeSpan> set) => Add(name, (options, text) => set(options, Time(text)));

    public void Add(string name, Action<TOptions, string> set) => Add(new Setting<TOptions>(name, (options, section) =>
        set(options, section.Value ?? throw new FormatException("expected one value"))));

    /// <summary>A setting with several values.</summary>
    public void AddList(string name, Action<TOptions, string> add) => Add(new Setting<TOptions>(name, (options, section) =>
    {
        // One value need not be written as a list.
        foreach (IConfigurationSection item in section.Value is null ? section.GetChildren() : [section])
        {
            string value = item.Value ?? throw new FormatException("expected a list of values");
            try
            {
                add(options, value);
            }
            catch (FormatException e) when (section.Value is null)
            {
                throw new FormatException($"{value}: {e.Message}", e);
            }
        }
    }));

    /// <summary>A setting whose values have names.</summary>
    public void AddNames<TEnum>(string name, Action<TOptions, TEnum> set)
        where TEnum : struct, Enum =>
        Add(name, (options, text) => set(options, Enum.TryParse(text, ignoreCase: true, out TEnum value) && Enum.IsDefined(value)
            ? value
            : throw new FormatException("expected one of " + string.Join(", ", Enum.GetNames<TEnum>()))));

    /// <summary>Reads all settings of a section.</summary>
    /// <returns>What could not be read, each with the path of its setting.</returns>
    public List<string> Bind(IConfiguration section, TOptions options)
    {
        var faults = new List<string>();
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (Find(setting => string.Equals(setting.Name, child.Key, StringComparison.OrdinalIgnoreCase)) is not { } known)
            {
                faults.Add($"{child.Path}: there is no such setting, expected one of {typeof(TOptions).Name}");
                continue;
            }

            try
            {
                known.Set(options, child);
            }
            catch (Exception e) when (e is FormatException or ArgumentException)
            {
                faults.Add($"{child.Path}{(child.Value is { } value ? "=" + value : "")}: {e.Message}");
            }
        }

        return faults;
    }

    private static T Whole<T>(string text)
        where T : struct, System.Numerics.IBinaryInteger<T> =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value)
            ? value
            : throw new FormatException("expected a whole number");

    // As .NET writes it (00:02:00), or as flags do (2m).
    private static TimeSpan Time(string text) => TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan time)
        && text.Contains(':', StringComparison.Ordinal) ? time
        : GoDuration.TryParseTime(text, out time, out string? error) ? time
        : throw new FormatException(error);
}
