using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Routing;

// What the reference's router does with paths that are not quite right, as observed: GET of the telemetry path in other case or with a
// slash at its end goes to the right spelling; PUT, POST and DELETE go from other case of the fixed part to the right one; nothing else is
// corrected.

/// <summary>The right spelling of paths that differ from a route in case or by a slash at the end.</summary>
internal sealed class Spelling(ExpositionOptions options)
{
    private readonly string _telemetry = options.FullTelemetryPath;
    private readonly string _root = options.RoutePrefix + "/metrics/job";

    /// <summary>Finds the right spelling.</summary>
    public bool TryCorrect(string target, string method, [NotNullWhen(true)] out string? corrected)
    {
        int query = target.IndexOf('?', StringComparison.Ordinal);
        string path = query < 0 ? target : target[..query];
        string? right = method == HttpMethods.Get ? CorrectTelemetry(path)
            : method == HttpMethods.Put || method == HttpMethods.Post || method == HttpMethods.Delete ? CorrectGroup(path)
            : null;
        corrected = right is null ? null : PathCleaner.EscapeLocation(right + (query < 0 ? "" : target[query..]));
        return corrected is not null;
    }

    private string? CorrectTelemetry(string path) =>
        string.Equals(path.EndsWith('/') ? path[..^1] : path, _telemetry, StringComparison.OrdinalIgnoreCase) ? _telemetry : null;

    private string? CorrectGroup(string path)
    {
        if (!path.StartsWith(_root, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        string rest = path[_root.Length..];
        const string base64 = "@base64/";
        return rest.StartsWith(base64, StringComparison.OrdinalIgnoreCase)
            && rest.Length > base64.Length ? _root + base64 + rest[base64.Length..]
            : rest.StartsWith('/') && rest.Length > 1 ? _root + rest
            : null;
    }
}
