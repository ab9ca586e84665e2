using Exposition.Engine.Ingest;

namespace Exposition.Engine.Publishing;

/// <summary>What becomes of a push that was read.</summary>
internal interface IPushEnd
{
    /// <summary>A push that keeps its own rules: against what is stored it is yet to be checked.</summary>
    /// <param name="push">The push.</param>
    /// <param name="textBody">What it was read from, where that was text.</param>
    public PushOutcome Publish(PendingPush push, ReadOnlyMemory<byte> textBody);

    /// <summary>A push that could not be read.</summary>
    public void Unread(GroupingKey key, string error, object? sender);

    /// <summary>A push that breaks a rule.</summary>
    public void Refuse(PendingPush push, string error, object? sender);
}

/// <summary>Published at once: the end of a push in a store of one node.</summary>
internal sealed class PublishedPush(PushPublisher pushes, PushFailures failures) : IPushEnd
{
    /// <inheritdoc/>
    public PushOutcome Publish(PendingPush push, ReadOnlyMemory<byte> textBody) => pushes.Publish(push, textBody);

    /// <inheritdoc/>
    public void Unread(GroupingKey key, string error, object? sender) => failures.Note(key, error, sender);

    /// <inheritdoc/>
    public void Refuse(PendingPush push, string error, object? sender) => failures.Record(push, error, sender);
}
