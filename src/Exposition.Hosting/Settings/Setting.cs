using Microsoft.Extensions.Configuration;

namespace Exposition.Hosting.Settings;

/// <summary>One setting of a configuration section.</summary>
/// <typeparam name="TOptions">The options that it is for.</typeparam>
/// <param name="Name">Its name there: that of the property.</param>
/// <param name="Set">Takes it; throws a <see cref="FormatException"/> or an <see cref="ArgumentException"/> that says what was
/// expected.</param>
internal sealed record Setting<TOptions>(string Name, Action<TOptions, IConfigurationSection> Set)
{
    /// <summary>The same setting of options that hold these.</summary>
    public Setting<TOuter> Of<TOuter>(Func<TOuter, TOptions> inner) => new(Name, (outer, section) => Set(inner(outer), section));
}
