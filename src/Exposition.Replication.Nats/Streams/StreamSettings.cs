using NATS.Client.JetStream.Models;

namespace Exposition.Replication.Nats.Streams;

/// <summary>What a stream must be to hold the log: of each subject the newest message, for good, on disk.</summary>
internal static class StreamSettings
{
    // Nobody sends ids that the engine would have to remember.
    private static readonly TimeSpan s_leastWindow = TimeSpan.FromMilliseconds(100);

    public static StreamConfig Of(string stream, int replicas) => new()
    {
        Name = stream,
        Description = "The shared state of the gateways; the newest message of each group.",
        Subjects = [$"{stream}.>"],
        Retention = StreamConfigRetention.Limits,
        Storage = StreamConfigStorage.File,
        Discard = StreamConfigDiscard.Old,
        NumReplicas = replicas,
        MaxMsgsPerSubject = 1,
        MaxMsgs = -1,
        MaxBytes = -1,
        MaxConsumers = -1,
        MaxMsgSize = -1,
        AllowDirect = false,
        AllowRollupHdrs = true,
        AllowMsgTTL = true,
        AllowAtomicPublish = true,
        DuplicateWindow = s_leastWindow,
    };

    /// <summary>What of a stream would lose or change entries, as a text for operators; empty if nothing does.</summary>
    public static string Faults(StreamConfig found, string stream, int replicas)
    {
        var faults = new List<string>();
        void Expect(bool holds, string setting, object? value, string expected)
        {
            if (!holds)
            {
                faults.Add($"{setting} is {value}, expected {expected}");
            }
        }

        Expect(found.Subjects is { Count: 1 } subjects && subjects.First() == $"{stream}.>",
            "subjects", string.Join(',', found.Subjects ?? []), $"{stream}.>");
        Expect(found.MaxMsgsPerSubject == 1, "max_msgs_per_subject", found.MaxMsgsPerSubject, "1");
        Expect(found.Retention == StreamConfigRetention.Limits, "retention", found.Retention, "limits");
        Expect(found.Storage == StreamConfigStorage.File, "storage", found.Storage, "file");
        Expect(found.NumReplicas >= replicas, "num_replicas", found.NumReplicas, $"{replicas} or more");
        Expect(found.MaxMsgs <= 0, "max_msgs", found.MaxMsgs, "-1");
        Expect(found.MaxBytes <= 0, "max_bytes", found.MaxBytes, "-1");
        Expect(found.MaxAge == TimeSpan.Zero, "max_age", found.MaxAge, "0");
        Expect(found.AllowRollupHdrs, "allow_rollup_hdrs", found.AllowRollupHdrs, "true");
        Expect(found.AllowMsgTTL, "allow_msg_ttl", found.AllowMsgTTL, "true");
        Expect(!found.DenyPurge, "deny_purge", found.DenyPurge, "false");
        Expect(!found.NoAck, "no_ack", found.NoAck, "false");
        Expect(!found.Sealed, "sealed", found.Sealed, "false");
        Expect(found.PersistMode is null or StreamConfigPersistMode.Default, "persist_mode", found.PersistMode, "default");
        Expect(found.Mirror is null && found.Sources is null or { Count: 0 }, "mirror or sources", "set", "none");
        Expect(found.SubjectTransform is null, "subject_transform", "set", "none");
        return string.Join("; ", faults);
    }
}
