namespace Exposition.Engine.Groups;

/// <summary>Draws the serial numbers of entries (<see cref="FamilyEntry.Serial"/>). Safe for concurrent use.</summary>
internal static class EntrySerial
{
    private static long s_last;

    /// <summary>The last that was drawn.</summary>
    public static long Last => Volatile.Read(ref s_last);

    /// <summary>A number that was never drawn in this process.</summary>
    public static long Next() => Interlocked.Increment(ref s_last);

    /// <summary>The first of a number of serials that follow one another.</summary>
    public static long Next(int count) => Interlocked.Add(ref s_last, count) - count + 1;
}
