using Exposition.Replication.Messages;

namespace Exposition.Replication.Sending;

/// <summary>An append that the feed is expected to bring back.</summary>
internal sealed class SentOperation(Message message)
{
    private long _seen;

    /// <summary>What it says, so that it need not be decoded.</summary>
    public Message Message => message;

    /// <summary>The revision with which it came; 0 while it has not.</summary>
    public long Seen
    {
        get => Volatile.Read(ref _seen);
        set => Volatile.Write(ref _seen, value);
    }
}
