using System.Net.Security;
using System.Security.Authentication;

namespace Exposition.Gateway.Web;

/// <summary>The file of <c>--web.config.file</c> is wrong; the message says where and why.</summary>
internal sealed class WebConfigException(string message) : Exception(message);

/// <summary>What the file of <c>--web.config.file</c> says, checked as far as that is possible without opening other files.</summary>
/// <param name="Tls">Null for plain HTTP.</param>
/// <param name="Http2">Whether HTTP/2 is offered over TLS.</param>
/// <param name="Headers">Headers of every answer.</param>
/// <param name="Users">bcrypt hashes by user; empty if everybody may come in.</param>
/// <param name="RateLimit">Null for none.</param>
internal sealed record WebConfig(
    TlsSettings? Tls, bool Http2, IReadOnlyDictionary<string, string> Headers, IReadOnlyDictionary<string, string> Users,
        RateLimit? RateLimit);

/// <summary>One token is gained per interval, up to a number of tokens; each request costs one.</summary>
internal sealed record RateLimit(TimeSpan Interval, int Burst);

/// <summary>A PEM text in the file itself, or the path of one.</summary>
/// <param name="Inline">The text, or empty.</param>
/// <param name="Path">The absolute path, or empty.</param>
/// <param name="Shown">The path as it was written, for messages.</param>
internal readonly record struct PemSource(string Inline, string Path, string Shown)
{
    /// <summary>Whether there is one.</summary>
    public bool IsGiven => Inline.Length > 0 || Path.Length > 0;
}

/// <summary>What is asked of clients in the handshake.</summary>
internal enum ClientAuth
{
    /// <summary>No certificate.</summary>
    None,

    /// <summary>A certificate, which may be missing and is not checked.</summary>
    Request,

    /// <summary>A certificate, which is not checked.</summary>
    Require,

    /// <summary>A certificate, which may be missing.</summary>
    VerifyIfGiven,

    /// <summary>A certificate of a known authority.</summary>
    RequireAndVerify,
}

/// <summary>The section <c>tls_server_config</c>.</summary>
internal sealed record TlsSettings
{
    public required PemSource Certificate { get; init; }

    public required PemSource Key { get; init; }

    public required PemSource ClientCa { get; init; }

    public required ClientAuth ClientAuth { get; init; }

    /// <summary>Names of which the client's certificate must bear one; empty for any.</summary>
    public required IReadOnlyList<string> AllowedSans { get; init; }

    public required SslProtocols Protocols { get; init; }

    /// <summary>Suites of TLS 1.2; empty for the system's choice.</summary>
    public required IReadOnlyList<TlsCipherSuite> CipherSuites { get; init; }

    /// <summary>What is accepted but has no effect, each a line for the log.</summary>
    public required IReadOnlyList<string> Notices { get; init; }

    /// <summary>The files that the section names.</summary>
    public IEnumerable<string> Files => new[] { Certificate.Path, Key.Path, ClientCa.Path }.Where(static path => path.Length > 0);
}
