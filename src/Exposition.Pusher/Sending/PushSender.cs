using System.Globalization;
using System.Net;
using Exposition.Pusher.Telemetry;

namespace Exposition.Pusher.Sending;

/// <summary>Sends pushes and deletes, as often as it takes. Safe for concurrent use.</summary>
/// <param name="connect">Gives the client for an attempt: a factory's knows when handlers are to be replaced.</param>
/// <param name="options">Checked already.</param>
/// <param name="time">The clock of pauses and limits.</param>
/// <param name="random">From zero up to one.</param>
internal sealed class PushSender(Func<HttpClient> connect, PushgatewayClientOptions options, TimeProvider time, Func<double> random)
{
    private static readonly string[] s_wordsOfCoding = ["encoding", "gzip", "compress"];

    // A gateway that undoes no coding reads packed bytes as the first line.
    private const string NotUndone = "in line 1:";

    private volatile bool _isIdentityOnly;

    /// <summary>Whether the gateway has been found not to take compressed bodies.</summary>
    public bool IsIdentityOnly => _isIdentityOnly;

    /// <summary>Sends until it is done.</summary>
    /// <param name="order">What.</param>
    /// <param name="within">A bound on the time of all attempts, if below that of the options.</param>
    /// <param name="noMore">From then on nothing is tried again.</param>
    /// <param name="cancellation">Ends it at once.</param>
    /// <exception cref="PushgatewayException">It is not done.</exception>
    public async Task SendAsync(PushOrder order, TimeSpan? within, CancellationToken noMore, CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        string outcome = "canceled";
        try
        {
            await TryAsync(order, new RetryPlan(options.Retry, within, time, random), noMore, cancellation).ConfigureAwait(false);
            outcome = "success";
        }
        catch (PushgatewayException e)
        {
            outcome = e.IsTransient ? "failed" : "refused";
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            outcome = "failed";
            throw;
        }
        finally
        {
            PushMetrics.Ended(order.Method, outcome, time.GetElapsedTime(start));
        }
    }

    private async Task TryAsync(PushOrder order, RetryPlan plan, CancellationToken noMore, CancellationToken cancellation)
    {
        bool gzip = options.Compression == PushCompression.Gzip && !_isIdentityOnly && order.Body?.Length >= options.MinimumGzipBytes;
        bool wasRefusedPacked = false;
        for (int attempt = 1; ; attempt++)
        {
            PushgatewayException? failure = await AttemptAsync(order, gzip, plan.Left, cancellation).ConfigureAwait(false);
            if (failure is null)
            {
                _isIdentityOnly |= wasRefusedPacked;
                return;
            }

            failure.Attempts = attempt;
            if (gzip && IsOfCoding(failure))
            {
                // Not the same again: another body.
                (gzip, wasRefusedPacked) = (false, true);
                continue;
            }

            if (!failure.IsTransient || noMore.IsCancellationRequested || !plan.TryNext(attempt, failure.RetryAfter, out TimeSpan pause))
            {
                throw failure;
            }

            await PauseAsync(pause, failure, noMore, cancellation).ConfigureAwait(false);
        }
    }

    private async Task PauseAsync(TimeSpan pause, PushgatewayException failure, CancellationToken noMore, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(noMore, cancellation);
        try
        {
            await Task.Delay(pause, time, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw failure;
        }
    }

    private async Task<PushgatewayException?> AttemptAsync(PushOrder order, bool gzip, TimeSpan left, CancellationToken cancellation)
    {
        TimeSpan limit = left < options.AttemptTimeout ? left : options.AttemptTimeout;
        HttpClient http = connect();
        string root = PushEndpoint.RootOf(EndpointOf(http));
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        using var request = new HttpRequestMessage(order.Method, new Uri(root + order.Group.Path));
        request.Content = order.Body?.ToContent(gzip);
        if (order.ExpireAfter is { } expireAfter)
        {
            request.Headers.Add("Exposition-Expire-After",
                expireAfter.TotalSeconds.ToString("0.#######", CultureInfo.InvariantCulture) + "s");
        }

        PushMetrics.Attempted();
        try
        {
            using HttpResponseMessage answer =
                await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            return await PushAnswer.FailureOfAsync(answer, order.Method, order.Group, time, either.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            return PushAnswer.NoAnswer(order.Method, order.Group, root, e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            string after = timeout.IsCancellationRequested ? $" after {limit}" : "";
            return PushAnswer.NoAnswer(order.Method, order.Group, root, new TimeoutException($"there was no answer{after}", e));
        }
    }

    private Uri EndpointOf(HttpClient http)
    {
        if (options.Endpoint is { } endpoint)
        {
            return endpoint;
        }

        return http.BaseAddress is { } address && PushEndpoint.FaultOf(address) is null
            ? address
            : throw new InvalidOperationException(
                $"{nameof(options.Endpoint)} is not set, and the HttpClient has no base address that can be one");
    }

    private static bool IsOfCoding(PushgatewayException failure) =>
        failure.StatusCode == HttpStatusCode.UnsupportedMediaType
        || (failure is { StatusCode: HttpStatusCode.BadRequest, Reason: { } reason }
            && (reason.Contains(NotUndone, StringComparison.Ordinal)
                || s_wordsOfCoding.Any(word => reason.Contains(word, StringComparison.OrdinalIgnoreCase))));
}
