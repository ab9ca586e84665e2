using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Exposition.Hosting.Settings;

/// <summary>Sets the options of one engine from a section, and says as a validator what could not be read.</summary>
internal sealed class BoundSettings<TOptions> : IConfigureNamedOptions<TOptions>, IValidateOptions<TOptions>
    where TOptions : class
{
    private readonly string _name;
    private readonly IConfiguration _section;
    private readonly SettingTable<TOptions> _table;
    private volatile List<string> _faults = [];

    private BoundSettings(string name, IConfiguration section, SettingTable<TOptions> table) =>
        (_name, _section, _table) = (name, section, table);

    /// <summary>Adds it to the services of an engine's host.</summary>
    public static void Add(IExpositionBuilder builder, IConfiguration section, SettingTable<TOptions> table)
    {
        var bound = new BoundSettings<TOptions>(builder.Name, section, table);
        builder.Services.AddSingleton<IConfigureOptions<TOptions>>(bound).AddSingleton<IValidateOptions<TOptions>>(bound);
    }

    public void Configure(TOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, TOptions options)
    {
        if (name == _name)
        {
            _faults = _table.Bind(_section, options);
        }
    }

    public ValidateOptionsResult Validate(string? name, TOptions options) =>
        name == _name ? CheckedResult.Of(name, _faults) : ValidateOptionsResult.Skip;
}
