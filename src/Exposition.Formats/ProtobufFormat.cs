namespace Exposition.Formats;

// Grammar: body = { varint length, MetricFamily }. Strings are not checked to be UTF-8 (proto2) and names not to be valid: that is the
// store's business, as is a type without meaning. Errors are those of the reference: a cut or overlong length prefix has its own words,
// everything inside a message is "cannot parse invalid wire-format data".

/// <summary>
/// The protobuf format: varint-delimited io.prometheus.client.MetricFamily messages, read into and written from a <see cref="FamilySet"/>
/// without Google's runtime. Stateless; a set must not be used by two callers at once.
/// </summary>
/// <example>
/// Writing all families of a set:
/// <code>
/// var output = new ArrayBufferWriter&lt;byte&gt;();
/// var metrics = new ArrayBufferWriter&lt;byte&gt;();
/// for (int family = 0; family &lt; set.Families.Length; family++)
/// {
///     // The length of a family stands before it, so its metrics are written first.
///     metrics.ResetWrittenCount();
///     ProtobufFormat.WriteMetrics(set, family, metrics);
///     FamilyRow row = set.Families[family];
///     ProtobufFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.AllowUtf8, metrics.WrittenCount, output);
///     output.Write(metrics.WrittenSpan);
/// }
/// </code>
/// </example>
public static partial class ProtobufFormat
{
}
