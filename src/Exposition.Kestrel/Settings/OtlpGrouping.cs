using Exposition.Formats.Go;

namespace Exposition.Kestrel.Settings;

/// <summary>Which attributes of resources may become grouping labels.</summary>
internal static class OtlpGrouping
{
    /// <summary>Why one may not; null if it may.</summary>
    public static string? FaultOf(string attribute) =>
        attribute.AsSpan().IndexOfAnyExcept('_') < 0 || !attribute.Any(char.IsAsciiLetterOrDigit)
            ? $"has {GoQuote.Text(attribute)}, expected the name of an attribute"
        : attribute is "service.name" or "service.namespace" or "job"
            ? $"has {attribute}, which is part of the job already"
        : null;
}
