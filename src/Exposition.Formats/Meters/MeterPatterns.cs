namespace Exposition.Formats.Meters;

/// <summary>Which meters are meant: names, or their beginnings followed by an asterisk. Case does not matter.</summary>
internal sealed class MeterPatterns
{
    private readonly string[] _names;
    private readonly string[] _prefixes;

    public MeterPatterns(IEnumerable<string> patterns)
    {
        string[] all = [.. patterns];
        _names = [.. all.Where(static pattern => !pattern.EndsWith('*'))];
        _prefixes = [.. all.Where(static pattern => pattern.EndsWith('*')).Select(static pattern => pattern[..^1])];
    }

    /// <summary>Whether it names meters: it is not empty, and has an asterisk at its end only.</summary>
    public static bool IsPattern(string pattern) => !string.IsNullOrWhiteSpace(pattern) && !pattern.AsSpan()[..^1].Contains('*');

    public bool Match(string meter) => _names.Contains(meter, StringComparer.OrdinalIgnoreCase)
        || _prefixes.Any(prefix => meter.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
