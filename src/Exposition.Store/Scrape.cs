using System.Buffers;
using Exposition.Formats;

namespace Exposition.Store;

/// <summary>The language of a scrape.</summary>
public enum ScrapeFormat : byte
{
    /// <summary>Text format 0.0.4.</summary>
    Text,

    /// <summary>Delimited protobuf.</summary>
    ProtobufDelimited,

    /// <summary>Protobuf in its text form, many lines.</summary>
    ProtobufText,

    /// <summary>Protobuf in its text form, one line a family.</summary>
    ProtobufCompactText,
}

/// <summary>
/// Writes a view family by family. Collecting is done in the constructor and does no I/O; writing is cut into steps so that the
/// caller can flush between them.
/// </summary>
public sealed class Scrape : IDisposable
{
    /// <summary>Collects what there is to write.</summary>
    /// <param name="store">The store.</param>
    /// <param name="own">The host's own families, merged in by name; used until the scrape is disposed of. May be null.</param>
    /// <param name="format">The language.</param>
    /// <param name="escaping">What happens to names outside the legacy charset.</param>
    public Scrape(MetricStore store, FamilySet? own, ScrapeFormat format, EscapingScheme escaping) => throw new NotImplementedException();

    /// <summary>The exact number of bytes that will be written, where that is known beforehand.</summary>
    public long? Length => throw new NotImplementedException();

    /// <summary>Writes at least <paramref name="stepBytes"/> bytes, or what is left.</summary>
    /// <returns>False when all is written.</returns>
    public bool WriteNext(IBufferWriter<byte> output, int stepBytes) => throw new NotImplementedException();

    /// <summary>Closes the view.</summary>
    public void Dispose() => throw new NotImplementedException();
}
