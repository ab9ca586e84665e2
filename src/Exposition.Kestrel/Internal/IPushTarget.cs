using System.Buffers;
using Exposition.Formats;
using Exposition.Store;

namespace Exposition.Kestrel.Internal;

/// <summary>What the wire needs of a store. Tests put a recording one here.</summary>
internal interface IPushTarget
{
    /// <inheritdoc cref="MetricStore.Push"/>
    public PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details);

    /// <inheritdoc cref="MetricStore.NoteFailure"/>
    public void NoteFailure(GroupingKey key, string reason, object? sender);

    /// <inheritdoc cref="MetricStore.Delete"/>
    public bool Delete(GroupingKey key);

    /// <summary>Collects what a scrape is to send.</summary>
    public IScrapeSource OpenScrape(FamilySet own, ScrapeFormat format, EscapingScheme escaping);
}

/// <summary>What the wire needs of a scrape.</summary>
internal interface IScrapeSource : IDisposable
{
    /// <inheritdoc cref="Scrape.Length"/>
    public long? Length { get; }

    /// <inheritdoc cref="Scrape.WriteNext"/>
    public bool WriteNext(IBufferWriter<byte> output, int stepBytes);
}

/// <summary>The real store behind <see cref="IPushTarget"/>.</summary>
internal sealed class StoreTarget(MetricStore store) : IPushTarget
{
    public PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details) =>
        store.Push(key, format, body, mode, details);

    public void NoteFailure(GroupingKey key, string reason, object? sender) => store.NoteFailure(key, reason, sender);

    public bool Delete(GroupingKey key) => store.Delete(key);

    public IScrapeSource OpenScrape(FamilySet own, ScrapeFormat format, EscapingScheme escaping) => new StoreScrape(new Scrape(store, own, format, escaping));

    private sealed class StoreScrape(Scrape scrape) : IScrapeSource
    {
        public long? Length => scrape.Length;

        public bool WriteNext(IBufferWriter<byte> output, int stepBytes) => scrape.WriteNext(output, stepBytes);

        public void Dispose() => scrape.Dispose();
    }
}
