namespace Exposition.Store.Internal;

/// <summary>The two families that the store keeps in every group.</summary>
internal static class OwnNames
{
    public static readonly byte[] PushTime = "push_time_seconds"u8.ToArray();
    public static readonly byte[] PushFailure = "push_failure_time_seconds"u8.ToArray();
    public static readonly byte[] PushTimeHelp = "Last Unix time when changing this group in the Pushgateway succeeded."u8.ToArray();
    public static readonly byte[] PushFailureHelp = "Last Unix time when changing this group in the Pushgateway failed."u8.ToArray();

    /// <summary>How many they are.</summary>
    public const int Count = 2;

    public static bool IsEither(ReadOnlySpan<byte> name) => name.SequenceEqual(PushTime) || name.SequenceEqual(PushFailure);
}
