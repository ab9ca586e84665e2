using Exposition.Kestrel;
using Microsoft.Extensions.Options;

namespace Exposition.Gateway.Hosting;

/// <summary>Begins with the options that the flags have set, and goes on as for any host.</summary>
internal sealed class FlagOptions(
    ExpositionOptions given, IEnumerable<IConfigureOptions<ExpositionOptions>> setups,
    IEnumerable<IPostConfigureOptions<ExpositionOptions>> postConfigures, IEnumerable<IValidateOptions<ExpositionOptions>> validations)
    : OptionsFactory<ExpositionOptions>(setups, postConfigures, validations)
{
    /// <inheritdoc/>
    protected override ExpositionOptions CreateInstance(string name) => given;
}
