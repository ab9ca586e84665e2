using System.Buffers;
using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Kestrel.Serving;

/// <summary>What the wire needs of a store. Tests put a recording one here.</summary>
internal interface IPushTarget
{
    /// <inheritdoc cref="MetricStore.Push"/>
    public PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details);

    /// <inheritdoc cref="MetricStore.TryPushRepeated"/>
    public bool TryPushRepeated(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details);

    /// <inheritdoc cref="MetricStore.NoteFailure"/>
    public void NoteFailure(GroupingKey key, string reason, object? sender);

    /// <inheritdoc cref="MetricStore.Delete"/>
    public bool Delete(GroupingKey key);

    /// <inheritdoc cref="MetricStore.HeldBytes"/>
    public long HeldBytes { get; }

    /// <summary>Opens a view of what a scrape is to send.</summary>
    public IScrapeSource OpenScrape(FamilySet own, ScrapeFormat format, EscapingScheme escaping, bool gzip);
}

/// <summary>What the wire needs of a scrape.</summary>
internal interface IScrapeSource : IDisposable
{
    /// <inheritdoc cref="Scrape.Length"/>
    public long? Length { get; }

    /// <inheritdoc cref="Scrape.PrepareAsync"/>
    public ValueTask PrepareAsync(CancellationToken cancellation);

    /// <inheritdoc cref="Scrape.WriteNextAsync"/>
    public ValueTask<bool> WriteNextAsync(IBufferWriter<byte> output, int stepBytes, CancellationToken cancellation);
}

/// <summary>The real store behind <see cref="IPushTarget"/>.</summary>
internal sealed class StoreTarget(MetricStore store) : IPushTarget
{
    public long HeldBytes => store.HeldBytes;

    public PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details) =>
        store.Push(key, format, body, mode, details);

    public bool TryPushRepeated(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details) =>
        store.TryPushRepeated(key, format, body, mode, details);

    public void NoteFailure(GroupingKey key, string reason, object? sender) => store.NoteFailure(key, reason, sender);

    public bool Delete(GroupingKey key) => store.Delete(key);

    public IScrapeSource OpenScrape(FamilySet own, ScrapeFormat format, EscapingScheme escaping, bool gzip) =>
        new StoreScrape(new Scrape(store, own, format, escaping, gzip));

    private sealed class StoreScrape(Scrape scrape) : IScrapeSource
    {
        public long? Length => scrape.Length;

        public ValueTask PrepareAsync(CancellationToken cancellation) => scrape.PrepareAsync(cancellation);

        public ValueTask<bool> WriteNextAsync(IBufferWriter<byte> output, int stepBytes, CancellationToken cancellation) =>
            scrape.WriteNextAsync(output, stepBytes, cancellation);

        public void Dispose() => scrape.Dispose();
    }
}
