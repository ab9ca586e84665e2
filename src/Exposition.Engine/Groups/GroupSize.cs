namespace Exposition.Engine.Groups;

// Each value is counted as if it were as long as any, so a push of the series that were there before changes nothing, whatever its values
// are: repeat pushes need no counter, and no limit refuses a counter that goes from 9 to 10.

/// <summary>What a group counts for in <see cref="MetricStore.StoredBytes"/>.</summary>
internal static class GroupSize
{
    /// <summary>What a row of a durable copy can hold, less what is around it there.</summary>
    public const long Largest = 900_000_000;

    private const int OfGroup = 512;
    private const int OfFamily = 128;
    private const int LongestValue = 24;

    /// <summary>The size of a group.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="families">Its families.</param>
    /// <param name="old">What they take the place of.</param>
    public static long Of(GroupingKey key, ReadOnlySpan<FamilyEntry> families, GroupSnapshot? old)
    {
        long bytes = OfGroup + key.Bytes.Length;
        long samples = 0;
        foreach (ref readonly FamilyEntry entry in families)
        {
            bytes += OfFamily + entry.Name.Length + entry.Help.Length + entry.TextLength + entry.Sidecar.Length;
            samples += entry.SampleCount;
        }

        long size = bytes + (samples * LongestValue);

        // What the values of before were less than their longest has been counted.
        long before = old is null ? 0 : old.Size - old.IdBytes - (old.Memory?.Bytes ?? 0);
        return old is not null && old.SampleCount == samples && bytes <= before ? Math.Min(size, before) : size;
    }
}
