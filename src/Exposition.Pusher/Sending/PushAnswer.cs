using System.Globalization;
using System.Net;
using System.Text;

namespace Exposition.Pusher.Sending;

/// <summary>Turns answers and failures into what callers see.</summary>
internal static class PushAnswer
{
    private const int MostReasonBytes = 4 << 10;

    /// <summary>What the answer says went wrong; null if it has been done.</summary>
    public static async Task<PushgatewayException?> FailureOfAsync(
        HttpResponseMessage answer, HttpMethod method, PushGroup group, TimeProvider time, CancellationToken cancellation)
    {
        // A redirect that is followed by GET is answered with all metrics, and nothing is stored.
        if (answer.RequestMessage is { } last && last.Method != method)
        {
            return new PushgatewayException(
                $"{method} of {group} was redirected to {last.RequestUri} and became {last.Method}: nothing is done. "
                    + "Expected the endpoint to be where the gateway is",
                group, answer.StatusCode, reason: null, isTransient: false, retryAfter: null, inner: null);
        }

        if (answer.IsSuccessStatusCode)
        {
            return null;
        }

        string? reason = await ReasonOfAsync(answer, cancellation).ConfigureAwait(false);
        string where = answer.Headers.Location is { } location ? $" (redirected to {location})" : "";
        string status = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
        return new PushgatewayException(
            $"{method} of {group} was refused with {status} {answer.ReasonPhrase}{where}{(reason is null ? "" : ": " + reason)}",
            group, answer.StatusCode, reason, IsTransient(answer.StatusCode), RetryAfterOf(answer, time), inner: null);
    }

    /// <summary>There was no answer.</summary>
    public static PushgatewayException NoAnswer(HttpMethod method, PushGroup group, string endpoint, Exception inner) =>
        new($"{method} of {group} to {endpoint} failed: {inner.Message}", group, status: null, reason: null, isTransient: true,
            retryAfter: null, inner);

    private static bool IsTransient(HttpStatusCode status) =>
        (int)status >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;

    private static TimeSpan? RetryAfterOf(HttpResponseMessage answer, TimeProvider time)
    {
        TimeSpan? after = answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => null,
        };
        return after < TimeSpan.Zero ? TimeSpan.Zero : after;
    }

    // What has come is better than nothing, whatever ends it.
    private static async Task<string?> ReasonOfAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        byte[] bytes = new byte[MostReasonBytes];
        int length = 0;
        try
        {
            Stream body = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                int read;
                while (length < bytes.Length
                    && (read = await body.ReadAsync(bytes.AsMemory(length), cancellation).ConfigureAwait(false)) > 0)
                {
                    length += read;
                }
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
        }

        string text = Encoding.UTF8.GetString(bytes, 0, length).Trim();
        return text.Length == 0 ? null : text;
    }
}
