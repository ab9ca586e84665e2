namespace Exposition.Formats;

/// <summary>
/// The Prometheus text format 0.0.4, with the quoted UTF-8 names of 1.0.0: <c>TryRead</c> decodes a body into a <see cref="FamilySet"/>,
/// <c>WriteHeader</c> and <c>WriteSamples</c> write one. Stateless and safe for concurrent use.
/// </summary>
public static partial class TextFormat
{
}
