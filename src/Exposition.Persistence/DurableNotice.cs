namespace Exposition.Persistence;

/// <summary>What a durable copy has to tell its operator.</summary>
public enum DurableEvent
{
    /// <summary>Changes were written.</summary>
    Saved,

    /// <summary>Changes, or single groups, could not be written; they are kept and tried again.</summary>
    SaveFailed,

    /// <summary>Changes have waited for more than three intervals: the place is too slow.</summary>
    Lagging,

    /// <summary>Groups were read back.</summary>
    Loaded,

    /// <summary>The place cannot be used at the moment; the next write tries again.</summary>
    Unavailable,

    /// <summary>The file was broken and has been moved aside.</summary>
    MovedDamaged,

    /// <summary>The file was not one of ours and has been moved aside.</summary>
    MovedForeign,

    /// <summary>The file was one of the Prometheus Pushgateway; its groups were taken over and it is kept under another name.</summary>
    Imported,

    /// <summary>A group did not match its checksum and was set aside inside the file.</summary>
    DamagedGroup,

    /// <summary>The file is broken. What could be read of it is used; it stays where it is until all of that is in a new one.</summary>
    Damaged,
}

/// <summary>An event of a durable copy.</summary>
/// <param name="Event">What happened.</param>
/// <param name="Path">The file, or where it was moved to.</param>
/// <param name="Groups">How many groups it concerns.</param>
/// <param name="Detail">More about it: the group's labels, or the reason.</param>
public readonly record struct DurableNotice(DurableEvent Event, string Path, int Groups = 0, string? Detail = null);
