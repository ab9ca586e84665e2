using System.Buffers;
using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Kestrel.Serving;

/// <summary>What the wire does with a store. Tests override it to record that, and to fail.</summary>
/// <param name="store">The store.</param>
/// <param name="changes">Carries out its changes; null where the store does.</param>
internal class StoreTarget(MetricStore? store, IChangeTarget? changes = null)
{
    public virtual long HeldBytes => store!.HeldBytes;

    public virtual PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details) =>
        store!.Push(key, format, body, mode, details);

    /// <summary>The same without waiting for long.</summary>
    /// <returns>Null where another push to the group is to end first: nothing has changed then.</returns>
    public virtual PushOutcome? TryPush(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details) =>
        store!.TryPush(key, format, body, mode, details);

    public virtual bool TryPushRepeated(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details) =>
        changes is null && store!.TryPushRepeated(key, format, body, mode, details);

    public virtual PushMode ModeOf(GroupingKey key) => store?.ModeOf(key) ?? PushMode.Merge;

    public virtual long SizeOf(GroupingKey key) => store?.SizeOf(key) ?? 0;

    public virtual void NoteFailureHere(GroupingKey key, string reason, object? sender) => store!.NoteFailure(key, reason, sender);

    public void NoteFailure(GroupingKey key, string reason, object? sender)
    {
        if (changes is null)
        {
            NoteFailureHere(key, reason, sender);
        }
        else
        {
            changes.NoteFailure(key, reason, sender);
        }
    }

    public virtual bool Delete(GroupingKey key) => store!.Delete(key);

    public virtual ScrapeSource OpenScrape(FamilySet own, in ScrapeRequest request) =>
        new(new Scrape(store!, own, request.Language.Format, request.Language.Escaping, request.Gzip, request.Query.Groups));
}

/// <summary>What the wire does with a scrape, as <see cref="StoreTarget"/>.</summary>
internal class ScrapeSource(Scrape? scrape) : IDisposable
{
    public virtual long? Length => scrape!.Length;

    public virtual ValueTask PrepareAsync(CancellationToken cancellation) => scrape!.PrepareAsync(cancellation);

    public virtual ValueTask<bool> WriteNextAsync(IBufferWriter<byte> output, int stepBytes, CancellationToken cancellation) =>
        scrape!.WriteNextAsync(output, stepBytes, cancellation);

    public virtual void Dispose() => scrape?.Dispose();
}
