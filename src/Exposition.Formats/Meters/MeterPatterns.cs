namespace Exposition.Formats.Meters;

/// <summary>Which meters are meant: names, or their beginnings followed by an asterisk. Case does not matter.</summary>
internal sealed class MeterPatterns
{
    private readonly string[] _names;
    private readonly string[] _prefixes;

    /// <exception cref="ArgumentException">One is empty, or has an asterisk before its end.</exception>
    public MeterPatterns(IEnumerable<string> patterns)
    {
        string[] all = [.. patterns];
        foreach (string pattern in all)
        {
            if (string.IsNullOrWhiteSpace(pattern) || pattern.IndexOf('*', StringComparison.Ordinal) is >= 0 and var at
                    && at < pattern.Length - 1)
            {
                throw new ArgumentException(
                    $"\"{pattern}\" names no meter: expected a name, or its beginning with an asterisk at the end, such as \"MyApp.*\"",
                    nameof(patterns));
            }
        }

        _names = [.. all.Where(static pattern => !pattern.EndsWith('*'))];
        _prefixes = [.. all.Where(static pattern => pattern.EndsWith('*')).Select(static pattern => pattern[..^1])];
    }

    public bool Match(string meter) => _names.Contains(meter, StringComparer.OrdinalIgnoreCase)
        || _prefixes.Any(prefix => meter.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
