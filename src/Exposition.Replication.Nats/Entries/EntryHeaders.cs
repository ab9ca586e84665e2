using System.Globalization;
using System.Text;
using NATS.Client.Core;

namespace Exposition.Replication.Nats.Entries;

/// <summary>What stands in the headers of a message: who made it, when, and what the engine is to do with it.</summary>
internal static class EntryHeaders
{
    /// <summary>The bytes that a message may have beside its body, with room to spare.</summary>
    public const int MaxBytes = 1024;

    public const string Operation = "X-Op";
    public const string Stamp = "X-At";

    private const string TimeToLive = "Nats-TTL";
    private const string Rollup = "Nats-Rollup";
    private const string ExpectedStream = "Nats-Expected-Stream";
    private const string ExpectedRevision = "Nats-Expected-Last-Subject-Sequence";

    public static NatsHeaders Of(in LogEntry entry, string stream, long? expected, TimeSpan? timeToLive, bool wipes)
    {
        var headers = new NatsHeaders
        {
            [Operation] = entry.Operation.ToString(),
            [Stamp] = Text(entry.Stamp),
            [ExpectedStream] = stream,
        };
        if (expected is { } revision)
        {
            headers[ExpectedRevision] = Text(revision);
        }

        if (timeToLive is { } time)
        {
            headers[TimeToLive] = Text(long.Max(1, (long)time.TotalSeconds));
        }

        if (wipes)
        {
            headers[Rollup] = "all";
        }

        return headers;
    }

    /// <summary>Reads those of a message; false if no node has written it.</summary>
    public static bool TryRead(NatsHeaders? headers, out OperationId operation, out long stamp)
    {
        operation = default;
        stamp = 0;
        return headers is not null && headers.TryGetLastValue(Operation, out string? who) && OperationId.TryParse(who, out operation)
            && headers.TryGetLastValue(Stamp, out string? when) && IsStamp(when, out stamp);
    }

    /// <summary>Reads those of a stored message, which come as the block of lines that was sent.</summary>
    public static bool TryRead(ReadOnlySpan<byte> block, out OperationId operation, out long stamp)
    {
        operation = default;
        stamp = 0;
        bool hasOperation = false;
        bool hasStamp = false;
        foreach (Range range in block.Split("\r\n"u8))
        {
            string line = Encoding.ASCII.GetString(block[range]);
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string value = colon < 0 ? "" : line[(colon + 1)..].Trim();
            switch (colon < 0 ? "" : line[..colon])
            {
                case Operation:
                    hasOperation = OperationId.TryParse(value, out operation);
                    break;
                case Stamp:
                    hasStamp = IsStamp(value, out stamp);
                    break;
            }
        }

        return hasOperation && hasStamp;
    }

    private static bool IsStamp(string text, out long stamp) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out stamp);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
