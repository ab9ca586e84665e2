using System.Text;

namespace Exposition.Kestrel.Origins;

// Against rebinding: a page of a name that an attacker makes point here is "same-origin" to the browser, and only the Host header tells.

/// <summary>The names under which requests are served.</summary>
internal sealed class AllowedHosts
{
    private readonly List<Authority> _names = [];
    private readonly List<Authority> _suffixes = [];

    // Most requests come under one name: looking at it again costs nothing.
    private byte[] _last = [];

    /// <summary>Takes names that have been looked at.</summary>
    public AllowedHosts(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            (IsSuffix(name) ? _suffixes : _names).Add(Read(name)!);
        }
    }

    /// <summary>Whether all are served.</summary>
    public bool IsAny => _names.Count == 0 && _suffixes.Count == 0;

    /// <summary>Whether a Host header is served. Requests without one (HTTP/1.0) are: no browser sends them.</summary>
    public bool Allows(string host)
    {
        if (IsAny || host.Length == 0)
        {
            return true;
        }

        return Authority.TryParse(host, out Authority? asked)
            && (_names.Exists(name => name.Host == asked.Host && PortFits(name, asked))
                || _suffixes.Exists(name => asked.Host.EndsWith("." + name.Host, StringComparison.Ordinal) && PortFits(name, asked)));
    }

    /// <inheritdoc cref="Allows(string)"/>
    public bool Allows(ReadOnlySpan<byte> host)
    {
        if (IsAny || host.SequenceEqual(Volatile.Read(ref _last)))
        {
            return true;
        }

        bool allowed = Allows(Encoding.Latin1.GetString(host));
        if (allowed)
        {
            Volatile.Write(ref _last, host.ToArray());
        }

        return allowed;
    }

    /// <summary>Which of the names is none, and what was expected; null if all are.</summary>
    public static string? FaultOf(IEnumerable<string> names) => names.FirstOrDefault(static name => Read(name) is null) is { } wrong
        ? $"{wrong} is no host: expected a name or an address, *.name for all below it, and a port where it matters"
        : null;

    private static bool IsSuffix(string name) => name.StartsWith("*.", StringComparison.Ordinal);

    private static Authority? Read(string name) =>
        Authority.TryParse(IsSuffix(name) ? name[2..] : name, out Authority? read) && !read.Host.Contains('*', StringComparison.Ordinal)
            ? read
            : null;

    private static bool PortFits(Authority name, Authority asked) => name.Port == 0 || name.Port == asked.Port;
}
