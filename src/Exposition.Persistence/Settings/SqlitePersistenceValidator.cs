using Exposition.Formats.Settings;
using Exposition.Hosting.Settings;
using Microsoft.Extensions.Options;

namespace Exposition.Persistence.Settings;

/// <summary>Says all that is wrong with the options of a durable copy.</summary>
internal sealed class SqlitePersistenceValidator : IValidateOptions<SqlitePersistenceOptions>
{
    public ValidateOptionsResult Validate(string? name, SqlitePersistenceOptions options) =>
        CheckedResult.Of(name, options,
        [
            .. options.File is null or "" && options.RestoreFrom is null or ""
                ? (string[])[$"{nameof(SqlitePersistenceOptions.File)} is empty: expected the path of a file"]
                : [],
            .. OptionFaults.Negative(nameof(SqlitePersistenceOptions.CommitInterval), options.CommitInterval),
        ]);
}
