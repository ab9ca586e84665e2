using System.Collections.Concurrent;

namespace Exposition.Pusher.Tests;

/// <summary>A gateway that answers what it is told, in order, and 200 after that; it keeps what it is sent.</summary>
internal sealed class FakeGateway : HttpMessageHandler
{
    private readonly ConcurrentQueue<Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>> _answers = [];
    private readonly ConcurrentQueue<Sent> _sent = [];

    public IReadOnlyList<Sent> Sent => [.. _sent];

    public Sent Only => Assert.Single(_sent);

    public PushgatewayClient Client(PushgatewayClientOptions? options = null, TimeProvider? time = null, double random = 0.5)
    {
        options ??= new PushgatewayClientOptions();
        options.Endpoint ??= new Uri("http://gateway:9091");
        var http = new HttpClient(this, disposeHandler: false);
        return new PushgatewayClient(() => http, options, time ?? TimeProvider.System, logger: null, () => random);
    }

    public FakeGateway Answer(HttpStatusCode status, string? body = null, Action<HttpResponseMessage>? more = null)
    {
        return Answer((request, _) =>
        {
            var answer = new HttpResponseMessage(status) { RequestMessage = request };
            if (body is not null)
            {
                answer.Content = new StringContent(body);
            }

            more?.Invoke(answer);
            return Task.FromResult(answer);
        });
    }

    public FakeGateway Answer(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer)
    {
        _answers.Enqueue(answer);
        return this;
    }

    /// <summary>Breaks the connection.</summary>
    public FakeGateway Break() => Answer(static (_, _) => throw new HttpRequestException(
        HttpRequestError.ConnectionError, "Connection refused", new IOException("refused")));

    /// <summary>Does not answer until it is given up.</summary>
    public FakeGateway Hang() => Answer(static async (_, cancellation) =>
    {
        await Task.Delay(Timeout.Infinite, cancellation);
        throw new InvalidOperationException("not reached");
    });

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        byte[] body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        _sent.Enqueue(new Sent(
            request.Method,
            request.RequestUri!.AbsoluteUri,
            body,
            request.Content?.Headers.ContentType?.ToString(),
            request.Content?.Headers.ContentLength,
            string.Join(',', request.Content?.Headers.ContentEncoding ?? []),
            request.Headers.TryGetValues("Exposition-Expire-After", out IEnumerable<string>? expiry) ? string.Join(',', expiry) : null));
        return _answers.TryDequeue(out var answer)
            ? await answer(request, cancellationToken)
            : new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request };
    }
}

/// <summary>A request as the gateway got it.</summary>
internal sealed record Sent(
    HttpMethod Method, string Uri, byte[] Body, string? ContentType, long? ContentLength, string Encoding, string? ExpireAfter)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Encoding == "gzip" ? Gzip.Unpack(Body) : Body);
}
