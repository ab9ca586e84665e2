using Microsoft.AspNetCore.Routing.Patterns;

namespace Exposition.Kestrel.Raw;

/// <summary>A path that the raw door serves, or a path and all that is below it, beside the routes of the host.</summary>
internal sealed class ServedPath(string path, bool andBelow)
{
    private readonly string[] _segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether a route may match. Constraints are not looked at: what is not certain may.</summary>
    public bool MayMatch(RoutePattern pattern)
    {
        int at = 0;
        foreach (RoutePatternPathSegment segment in pattern.PathSegments)
        {
            if (segment.Parts[^1] is RoutePatternParameterPart { IsCatchAll: true })
            {
                return true;
            }

            bool fits = at < _segments.Length ? MayBe(segment, _segments[at]) : andBelow || IsOptional(segment, pattern);
            if (!fits)
            {
                return false;
            }

            at++;
        }

        return andBelow ? at > _segments.Length : at >= _segments.Length;
    }

    private static bool MayBe(RoutePatternPathSegment segment, string text) =>
        segment.Parts is not [RoutePatternLiteralPart literal] || literal.Content.Equals(text, StringComparison.OrdinalIgnoreCase);

    private static bool IsOptional(RoutePatternPathSegment segment, RoutePattern pattern) =>
        segment.Parts is [RoutePatternParameterPart parameter] && (parameter.IsOptional || pattern.Defaults.ContainsKey(parameter.Name));
}
