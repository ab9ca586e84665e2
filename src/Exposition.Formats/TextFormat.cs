namespace Exposition.Formats;

/// <summary>
/// The Prometheus text format 0.0.4, with the quoted UTF-8 names of 1.0.0: <c>TryRead</c> decodes a body into a <see cref="FamilySet"/>,
/// <c>WriteHeader</c> and <c>WriteSamples</c> write one. Stateless and safe for concurrent use.
/// </summary>
/// <example>
/// Reading a body and walking what is in it:
/// <code>
/// var set = new FamilySet();
/// if (!TextFormat.TryRead(body, new TextReadOptions(NameScheme.Utf8, Lenient: true), set, out FormatError error))
/// {
///     throw new FormatException(error.ToString());
/// }
///
/// foreach (ref readonly FamilyRow family in set.Families)
/// {
///     for (int metric = family.FirstMetric; metric &gt;= 0; metric = set.Metrics[metric].Next)
///     {
///         foreach (ref readonly LabelRow label in set.LabelsOf(metric))
///         {
///             output.Write($"{Encoding.UTF8.GetString(set.Text(label.Name))}={Encoding.UTF8.GetString(set.Text(label.Value))} ");
///         }
///
///         output.WriteLine(set.Metrics[metric].Value);
///     }
/// }
/// </code>
/// </example>
public static partial class TextFormat
{
}
