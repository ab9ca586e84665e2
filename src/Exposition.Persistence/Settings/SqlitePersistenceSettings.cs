using Exposition.Hosting.Settings;

namespace Exposition.Persistence.Settings;

/// <summary>The settings of a durable copy.</summary>
internal static class SqlitePersistenceSettings
{
    /// <summary>By the names of the properties of <see cref="SqlitePersistenceOptions"/>.</summary>
    public static SettingTable<SqlitePersistenceOptions> Table { get; } = new()
    {
        { nameof(SqlitePersistenceOptions.File), (SqlitePersistenceOptions o, string value) => o.File = value },
        { nameof(SqlitePersistenceOptions.CommitInterval), (SqlitePersistenceOptions o, TimeSpan value) => o.CommitInterval = value },
        { nameof(SqlitePersistenceOptions.RestoreFrom), (SqlitePersistenceOptions o, string value) => o.RestoreFrom = value },
    };
}
