using Exposition.Formats;
using Exposition.Pusher.Sending;

namespace Exposition.Pusher;

/// <summary>
/// Where a <see cref="PushgatewayClient"/> pushes to, and how. Read when the client is made, which throws an <see
/// cref="ArgumentException"/> that names all options that are wrong.
/// </summary>
public class PushgatewayClientOptions
{
    /// <summary>
    /// Where the gateway is: <c>http://pushgateway:9091</c>, with or without a prefix and <c>/metrics</c> at its end. Without user and
    /// password, which belong into a header. Default: null, which means the base address of the client's <see cref="HttpClient"/>.
    /// </summary>
    public Uri? Endpoint { get; set; }

    /// <summary>How bodies are sent. Default: as they are.</summary>
    public PushCompression Compression { get; set; }

    /// <summary>Bodies of fewer bytes are never compressed. Default: 1,024. 0 compresses all; less is an error.</summary>
    public int MinimumGzipBytes { get; set; } = 1024;

    /// <summary>
    /// How long one attempt may take, the answer included. Default: 10 seconds. Less than a millisecond, 0 too, and more than a day are
    /// an error.
    /// </summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// What is done with names outside <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c> that sources have. Default: they are sent as they are, and a gateway
    /// that does not take them says so.
    /// </summary>
    public EscapingScheme Escaping { get; set; } = EscapingScheme.AllowUtf8;

    /// <summary>What is tried again. Default: five attempts within 30 seconds. Null is an error.</summary>
    public PushRetryOptions Retry { get; set; } = new();

    /// <summary>All that is wrong, each with the name of its option.</summary>
    internal virtual IEnumerable<string> Faults()
    {
        if (Endpoint is not null && PushEndpoint.FaultOf(Endpoint) is { } fault)
        {
            yield return $"{nameof(Endpoint)} is \"{PushEndpoint.Shown(Endpoint)}\": {fault}";
        }

        if (!Enum.IsDefined(Compression))
        {
            yield return $"{nameof(Compression)} is {Compression}: expected {string.Join(" or ", Enum.GetNames<PushCompression>())}";
        }

        if (!Enum.IsDefined(Escaping))
        {
            yield return $"{nameof(Escaping)} is {Escaping}: expected one of {string.Join(", ", Enum.GetNames<EscapingScheme>())}";
        }

        if (MinimumGzipBytes < 0)
        {
            yield return $"{nameof(MinimumGzipBytes)} is {MinimumGzipBytes}: expected no negative number of bytes";
        }

        if (Retry is null)
        {
            yield return $"{nameof(Retry)} is null: expected a value";
            yield break;
        }

        if (Retry.MaxAttempts < 1)
        {
            yield return $"{nameof(Retry)}.{nameof(Retry.MaxAttempts)} is {Retry.MaxAttempts}: expected at least 1";
        }

        foreach ((string name, TimeSpan value, TimeSpan least) in new[]
        {
            (nameof(AttemptTimeout), AttemptTimeout, TimeSpan.FromMilliseconds(1)),
            ($"{nameof(Retry)}.{nameof(Retry.BaseDelay)}", Retry.BaseDelay, TimeSpan.Zero),
            ($"{nameof(Retry)}.{nameof(Retry.MaxDelay)}", Retry.MaxDelay, TimeSpan.Zero),
            ($"{nameof(Retry)}.{nameof(Retry.TotalTime)}", Retry.TotalTime, TimeSpan.FromMilliseconds(1)),
        })
        {
            if (FaultOfTime(name, value, least) is { } wrong)
            {
                yield return wrong;
            }
        }
    }

    /// <summary>What is wrong with a time, if anything is.</summary>
    private protected static string? FaultOfTime(string name, TimeSpan value, TimeSpan least) =>
        value < least || value > TimeSpan.FromDays(1) ? $"{name} is {value}: expected {least} to one day" : null;

    /// <summary>What is wrong with the option that says when a group is to be forgotten.</summary>
    internal static IEnumerable<string> FaultsOfExpiry(TimeSpan? expireAfter) => expireAfter < TimeSpan.Zero
        ? [$"{nameof(JobRunOptions.ExpireAfter)} is {expireAfter}: expected 0, for never, or more"]
        : [];
}
