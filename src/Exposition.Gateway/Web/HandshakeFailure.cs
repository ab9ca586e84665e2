namespace Exposition.Gateway.Web;

/// <summary>Why a handshake has failed.</summary>
internal enum HandshakeFailure
{
    /// <summary>The client has closed the connection.</summary>
    Closed,

    /// <summary>Anything else.</summary>
    Failed,

    /// <summary>The two found no common ground, or one does not trust the other.</summary>
    Refused,

    /// <summary>It took too long.</summary>
    Timeout,
}
