using System.Buffers;

namespace Exposition.Formats;

/// <summary>The protobuf format: varint-delimited io.prometheus.client.MetricFamily messages.</summary>
public static class ProtobufFormat
{
    /// <summary>Reads a complete body of delimited families.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, FamilySet into, out FormatError error) => throw new NotImplementedException();

    /// <summary>Reads metric records (<see cref="WriteMetrics"/>) into a new family of <paramref name="into"/>, which must have been reset with them as its source.</summary>
    public static bool TryReadMetrics(int family, FamilySet into, out FormatError error) => throw new NotImplementedException();

    /// <summary>Writes the metrics of a family as the <c>metric</c> fields (number 4) of a MetricFamily message, without name, help and type.</summary>
    public static void WriteMetrics(FamilySet set, int family, IBufferWriter<byte> output) => throw new NotImplementedException();

    /// <summary>Writes the length prefix and the fields before the metrics of a delimited MetricFamily whose metric fields take <paramref name="metricBytes"/>.</summary>
    public static void WriteHeader(ReadOnlySpan<byte> name, MetricType type, bool hasHelp, ReadOnlySpan<byte> help, EscapingScheme scheme, long metricBytes, IBufferWriter<byte> output) => throw new NotImplementedException();
}
