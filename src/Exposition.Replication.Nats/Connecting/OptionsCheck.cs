namespace Exposition.Replication.Nats.Connecting;

/// <summary>Says what is wrong with options before anything is reached.</summary>
internal static class OptionsCheck
{
    private const int MaxStreamName = 32;

    /// <exception cref="ArgumentException">What is wrong, where, and what was expected.</exception>
    public static void Validate(NatsReplicationOptions options)
    {
        Require(options.Servers.Count > 0, nameof(options.Servers), "is empty; expected at least one nats://HOST:PORT");
        foreach (Uri server in options.Servers)
        {
            Require(
                server is { IsAbsoluteUri: true, Scheme: "nats" or "tls", Host.Length: > 0 },
                nameof(options.Servers), $"has {Shown(server)}; expected nats://HOST:PORT or tls://HOST:PORT");
            Require(
                server.UserInfo.Length == 0, nameof(options.Servers),
                $"has credentials in the address of {server.Host}; expected them in files of their own");
        }

        Require(
            options.Stream.Length is > 0 and <= MaxStreamName && options.Stream.All(IsOfAName), nameof(options.Stream),
            $"is \"{options.Stream}\"; expected at most {MaxStreamName} letters, digits, hyphens and underscores");
        Require(options.Replicas is 1 or 3 or 5, nameof(options.Replicas), $"is {options.Replicas}; expected 1, 3 or 5");
        Require(options.RequestTimeout > TimeSpan.Zero, nameof(options.RequestTimeout), "is not longer than zero");
        Require(
            options.CertificateFile.Length > 0 == options.KeyFile.Length > 0, nameof(options.CertificateFile),
            "and KeyFile are expected together");
        Require(
            options.UserName.Length > 0 == options.PasswordFile.Length > 0, nameof(options.UserName),
            "and PasswordFile are expected together");
        string[] ways = [options.CredentialsFile, options.NkeyFile, options.UserName, options.TokenFile];
        Require(
            ways.Count(static way => way.Length > 0) <= 1, nameof(options.CredentialsFile),
            "is given beside another of NkeyFile, UserName and TokenFile; expected one of them");
    }

    /// <summary>The characters that a name of the engine has no other use for.</summary>
    public static bool IsOfAName(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_';

    // An address that is no address may hold a secret where nobody expects it.
    private static string Shown(Uri server) => server.IsAbsoluteUri ? $"the scheme \"{server.Scheme}\"" : "a relative address";

    private static void Require(bool holds, string option, string otherwise)
    {
        if (!holds)
        {
            throw new ArgumentException($"{option} {otherwise}");
        }
    }
}
