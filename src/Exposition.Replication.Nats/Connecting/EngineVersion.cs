namespace Exposition.Replication.Nats.Connecting;

/// <summary>What is known of versions of nats-server.</summary>
internal static class EngineVersion
{
    /// <summary>Below it what the log needs is not there: a life for each message, settings that say how messages are kept.</summary>
    public static readonly Version Least = new(2, 12);

    /// <summary>From it on to sync each message costs next to nothing; below, <c>sync_interval: always</c> is slow.</summary>
    public static readonly Version Advised = new(2, 15);

    /// <summary>The first two numbers of a version such as 2.15.1-RC.2; null of what is none.</summary>
    public static Version? Parse(string? text)
    {
        string[] parts = (text ?? "").TrimStart('v').Split('.');
        return parts.Length >= 2 && ushort.TryParse(parts[0], out ushort major) && ushort.TryParse(parts[1], out ushort minor)
            ? new Version(major, minor) : null;
    }
}
