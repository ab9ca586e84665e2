using System.Globalization;
using NATS.Client.JetStream.Models;

namespace Exposition.Replication.Nats.Appending;

/// <summary>Reads the engine's answer to an append.</summary>
internal static class AppendAnswer
{
    // Another append of the same subject is under way; the engine does not say which sequence it will have.
    private const int WrongSequenceUnderWay = 10164;
    private const int WrongSequence = 10071;
    private const int TooLarge = 10054;
    private const int HeadersTooLarge = 10097;

    // The leader could not store what the others may have stored.
    private const int StoreFailed = 10077;

    // Settings of the stream that are not those of a log: they do not pass by themselves. All else is worth another try: no leader, no
    // quorum, no room in storage or memory, too many requests at once.
    private const int OtherStream = 10060;
    private const int Sealed = 10109;
    private const int NoRollup = 10111;
    private const int WrongTimeToLive = 10165;
    private const int NoTimeToLive = 10166;

    /// <summary>What became of it; null if the answer is a conflict with what is not in the stream yet.</summary>
    public static Appended? Read(PubAckResponse answer)
    {
        if (answer.Error is not { } error)
        {
            return answer.Seq > 0 ? new Appended(AppendOutcome.Committed, (long)answer.Seq)
                : new Appended(AppendOutcome.Unknown, 0, "the engine's answer has no sequence");
        }

        string reason = $"{error.Description} ({error.ErrCode})";
        return error.ErrCode switch
        {
            WrongSequence when Sequence(error.Description) is { } found => new Appended(AppendOutcome.Conflict, found, reason),
            WrongSequence or WrongSequenceUnderWay => null,
            TooLarge or HeadersTooLarge => new Appended(AppendOutcome.TooLarge, 0, reason),
            OtherStream or Sealed or NoRollup or WrongTimeToLive or NoTimeToLive => new Appended(AppendOutcome.Refused, 0, reason),
            StoreFailed => new Appended(AppendOutcome.Unknown, 0, reason),
            _ => new Appended(AppendOutcome.Unavailable, 0, reason),
        };
    }

    // "wrong last sequence: 17"
    private static long? Sequence(string? description)
    {
        string number = (description ?? "").Split(':')[^1].Trim();
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long sequence) ? sequence : null;
    }
}
