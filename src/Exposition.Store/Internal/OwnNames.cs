namespace Exposition.Store.Internal;

/// <summary>The families that the store keeps in groups: two in every one, and a third in those that have expired.</summary>
internal static class OwnNames
{
    public static readonly byte[] PushTime = "push_time_seconds"u8.ToArray();
    public static readonly byte[] PushFailure = "push_failure_time_seconds"u8.ToArray();
    public static readonly byte[] PushTimeHelp = "Last Unix time when changing this group in the Pushgateway succeeded."u8.ToArray();
    public static readonly byte[] PushFailureHelp = "Last Unix time when changing this group in the Pushgateway failed."u8.ToArray();

    public static readonly byte[] Expired = "push_expired"u8.ToArray();
    public static readonly byte[] ExpiredHelp = "The metrics of this group have expired, because nothing was pushed to it for too long."u8.ToArray();

    /// <summary>How many are in every group.</summary>
    public const int Count = 2;

    public static bool IsEither(ReadOnlySpan<byte> name) => name.SequenceEqual(PushTime) || name.SequenceEqual(PushFailure);
}
