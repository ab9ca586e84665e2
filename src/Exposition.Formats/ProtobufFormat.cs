namespace Exposition.Formats;

// Grammar: body = { varint length, MetricFamily }. Strings are not checked to be UTF-8 (proto2) and names not to be valid: that is the
// store's business, as is a type without meaning. Errors are those of the reference: a cut or overlong length prefix has its own words,
// everything inside a message is "cannot parse invalid wire-format data".

/// <summary>
/// The protobuf format: varint-delimited io.prometheus.client.MetricFamily messages, read into and written from a <see cref="FamilySet"/>
/// without Google's runtime. Stateless; a set must not be used by two callers at once.
/// </summary>
public static partial class ProtobufFormat
{
}
