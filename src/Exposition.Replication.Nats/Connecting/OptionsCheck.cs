namespace Exposition.Replication.Nats.Connecting;

/// <summary>Says what is wrong with options before anything is reached.</summary>
internal static class OptionsCheck
{
    private const int MaxStreamName = 32;

    /// <summary>What is wrong, each with the name of its option.</summary>
    public static IEnumerable<string> FaultsOf(NatsReplicationOptions options)
    {
        if (options.Servers.Count == 0)
        {
            yield return $"{nameof(options.Servers)} is empty: expected at least one nats://HOST:PORT";
        }

        foreach (Uri server in options.Servers)
        {
            if (server is not { IsAbsoluteUri: true, Scheme: "nats" or "tls", Host.Length: > 0 })
            {
                yield return $"{nameof(options.Servers)} has {Shown(server)}: expected nats://HOST:PORT or tls://HOST:PORT";
            }
            else if (server.UserInfo.Length > 0)
            {
                yield return $"{nameof(options.Servers)} has credentials in the address of {server.Host}: "
                    + "expected them in files of their own";
            }
        }

        if (options.Stream.Length is 0 or > MaxStreamName || !options.Stream.All(IsOfAName))
        {
            yield return $"{nameof(options.Stream)} is \"{options.Stream}\": "
                + $"expected at most {MaxStreamName} letters, digits, hyphens and underscores";
        }

        if (options.Replicas is not (1 or 3 or 5))
        {
            yield return $"{nameof(options.Replicas)} is {options.Replicas}: expected 1, 3 or 5";
        }

        if (options.RequestTimeout <= TimeSpan.Zero)
        {
            yield return $"{nameof(options.RequestTimeout)} is {options.RequestTimeout}: expected more than 0";
        }

        foreach ((string one, bool hasOne, string other, bool hasOther) in new[]
        {
            (nameof(options.CertificateFile), options.CertificateFile.Length > 0, nameof(options.KeyFile), options.KeyFile.Length > 0),
            (nameof(options.UserName), options.UserName.Length > 0, nameof(options.PasswordFile), options.PasswordFile.Length > 0),
        })
        {
            if (hasOne != hasOther)
            {
                yield return $"{(hasOne ? other : one)} is empty: expected {one} and {other} together";
            }
        }

        (string Name, string Value)[] all =
        [
            (nameof(options.CredentialsFile), options.CredentialsFile), (nameof(options.NkeyFile), options.NkeyFile),
            (nameof(options.UserName), options.UserName), (nameof(options.TokenFile), options.TokenFile),
        ];
        string[] ways = [.. all.Where(static way => way.Value.Length > 0).Select(static way => way.Name)];
        if (ways.Length > 1)
        {
            yield return $"{ways[0]} is given beside {string.Join(" and ", ways[1..])}: expected one of them";
        }
    }

    /// <summary>The characters that a name of the engine has no other use for.</summary>
    public static bool IsOfAName(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_';

    // An address that is no address may hold a secret where nobody expects it.
    private static string Shown(Uri? server) => server switch
    {
        null => "a null",
        { IsAbsoluteUri: true } => $"the scheme \"{server.Scheme}\"",
        _ => "a relative address",
    };
}
