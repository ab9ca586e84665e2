using System.Globalization;
using System.Net;

namespace Exposition.Pusher;

/// <summary>
/// A push or delete has not been done, as far as is known: the gateway refused it (<see cref="HttpRequestException.StatusCode"/> and
/// <see cref="Reason"/> say why), or there was no answer.
/// </summary>
public sealed class PushgatewayException : HttpRequestException
{
    internal PushgatewayException(
        string message, PushGroup group, HttpStatusCode? status, string? reason, bool isTransient, TimeSpan? retryAfter, Exception? inner)
        : base((inner as HttpRequestException)?.HttpRequestError ?? HttpRequestError.Unknown, message, inner, status)
    {
        Group = group;
        Reason = reason;
        IsTransient = isTransient;
        RetryAfter = retryAfter;
    }

    /// <summary>What was to be pushed or deleted.</summary>
    public PushGroup Group { get; }

    /// <summary>What the gateway says: the body of its answer, up to 4 KiB. Null if there was no answer, or nothing in it.</summary>
    public string? Reason { get; }

    /// <summary>Whether the same may succeed later: after 408, 429, any 5xx, or no answer.</summary>
    public bool IsTransient { get; }

    /// <summary>How long the gateway asks to wait, if it does.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>How often it was tried.</summary>
    public int Attempts { get; internal set; } = 1;

    /// <inheritdoc/>
    public override string Message =>
        Attempts > 1 ? string.Create(CultureInfo.InvariantCulture, $"{base.Message} (tried {Attempts} times)") : base.Message;
}
