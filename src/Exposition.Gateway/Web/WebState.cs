using System.Text;

namespace Exposition.Gateway.Web;

/// <summary>A web configuration in force, with all that was made from it. Immutable but for its caches; replaced as a whole.</summary>
internal sealed class WebState
{
    private WebState(WebConfig config, TlsMaterial? tls, BasicAuth? auth, TokenBucket? bucket)
    {
        Config = config;
        Tls = tls;
        Auth = auth;
        Bucket = bucket;
        HeaderLines = Encoding.ASCII.GetBytes(
            string.Concat(config.Headers.OrderBy(static h => h.Key, StringComparer.Ordinal).Select(static h => $"{h.Key}: {h.Value}\r\n")));
    }

    public WebConfig Config { get; }

    /// <summary>Null where connections are plain.</summary>
    public TlsMaterial? Tls { get; }

    /// <summary>Null where everybody may come in.</summary>
    public BasicAuth? Auth { get; }

    /// <summary>Null where the rate is not limited.</summary>
    public TokenBucket? Bucket { get; }

    /// <summary>The configured headers as they stand in an answer.</summary>
    public byte[] HeaderLines { get; }

    /// <summary>Makes a state. What is the same as before goes on with what it has learnt: checked credentials, tokens taken.</summary>
    /// <param name="config">The file.</param>
    /// <param name="before">The state that is replaced, if there is one.</param>
    /// <param name="passwordChecks">How many checks of passwords may wait.</param>
    /// <param name="read">Reads a file's text.</param>
    /// <exception cref="WebConfigException">A certificate or key cannot be used, or what changed needs a restart.</exception>
    public static WebState Make(WebConfig config, WebState? before, int passwordChecks, Func<string, string> read)
    {
        if (before is not null && (before.Tls is null) != (config.Tls is null))
        {
            throw new WebConfigException($"TLS can be switched {(config.Tls is null ? "off" : "on")} by a restart only");
        }

        if (before is { Auth: not null } && config.Users.Count == 0)
        {
            // A file that is being written, or was emptied by mistake, would let everybody in.
            throw new WebConfigException("no users are left: that everybody may come in is taken up by a restart only");
        }

        if (before?.Config.Tls is { } closed && config.Tls is { } open && Opened(closed, open) is { } door)
        {
            throw new WebConfigException($"{door}: that is taken up by a restart only");
        }

        TlsMaterial? tls = config.Tls is { } settings ? TlsMaterial.Load(settings, config.Http2, read) : null;
        BasicAuth? auth = config.Users.Count == 0 ? null
            : before?.Auth is { } known && SameUsers(known.Users, config.Users) ? known
            : new BasicAuth(config.Users, passwordChecks);
        TokenBucket? bucket = config.RateLimit is not { } limit ? null
            : before?.Bucket is { } old && old.Limit == limit ? old
            : new TokenBucket(limit, TimeProvider.System);
        return new WebState(config, tls, auth, bucket);
    }

    // What clients had to show before and need not any more. Other authorities or names are a change of keys, as intended.
    private static string? Opened(TlsSettings before, TlsSettings now) =>
        before.ClientAuth == ClientAuth.RequireAndVerify
            && now.ClientAuth != ClientAuth.RequireAndVerify ? "client certificates are no longer required and verified"
        : before.ClientAuth == ClientAuth.Require
            && now.ClientAuth is not (ClientAuth.Require or ClientAuth.RequireAndVerify) ? "client certificates are no longer required"
        : before.ClientAuth is ClientAuth.Require or ClientAuth.RequireAndVerify && before.AllowedSans.Count > 0
            && now.AllowedSans.Count == 0
            ? "no client_allowed_sans are left"
        : before.ClientAuth == ClientAuth.RequireAndVerify && before.ClientCa.IsGiven
            && !now.ClientCa.IsGiven ? "no client_ca is left, so that any known authority would do"
        : null;

    private static bool SameUsers(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Count == b.Count && a.All(user => b.TryGetValue(user.Key, out string? hash) && hash == user.Value);
}
