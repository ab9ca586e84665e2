using System.Text.Json;
using Exposition.Formats;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>Counts connections that have ended, and bytes of pushes. Safe for concurrent use; counting does not allocate.</summary>
internal sealed class TrafficMetrics
{
    private readonly NamedCounters _ends = new(NamedCounters.NamesOf<ConnectionEnd>(JsonNamingPolicy.SnakeCaseLower));

    // What is not known may be called anything by strangers.
    private readonly NamedCounters _bytes = new([.. Enum.GetValues<BodyEncoding>().Select(NameOf)]);

    /// <summary>A connection has ended.</summary>
    public void CountEnd(ConnectionEnd end) => _ends.Count((int)end);

    /// <summary>A body has come whole.</summary>
    public void CountBytes(BodyEncoding encoding, long bytes) =>
        _bytes.Count((int)(encoding == BodyEncoding.RawDeflate ? BodyEncoding.Deflate : encoding), bytes);

    /// <summary>Adds the families.</summary>
    public void Collect(FamilySet into)
    {
        _ends.Collect(into, "pushgateway_connections_total"u8, "Connections that have ended, by how they did."u8, "end"u8);
        _bytes.Collect(into, "pushgateway_push_bytes_total"u8,
            "Bytes of the bodies of pushes as they were sent, those that came whole, by their content coding."u8, "encoding"u8);
    }

    private static string NameOf(BodyEncoding encoding) => encoding switch
    {
        BodyEncoding.RawDeflate => "",
        BodyEncoding.Unknown => "other",
        _ => JsonNamingPolicy.SnakeCaseLower.ConvertName(encoding.ToString()),
    };
}
