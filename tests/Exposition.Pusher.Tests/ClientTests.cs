using System.Text;
using Exposition.Formats;

namespace Exposition.Pusher.Tests;

/// <summary>What a client sends, and what it says of answers.</summary>
public sealed class ClientTests : IDisposable
{
    private static readonly PushGroup s_group = new PushGroup("nightly").With("instance", "db1");
    private static readonly PushRetryOptions s_once = new() { MaxAttempts = 1 };

    private readonly FakeGateway _gateway = new();

    public void Dispose() => _gateway.Dispose();

    [Fact]
    public async Task Pushes_and_deletes_are_put_post_and_delete()
    {
        PushgatewayClient client = _gateway.Client();
        await client.PushAsync(s_group, new Gauge("rows", 3));
        await client.PushAddAsync(s_group, new Gauge("rows", 4));
        await client.DeleteAsync(s_group);

        Assert.Equal(["PUT", "POST", "DELETE"], _gateway.Sent.Select(static sent => sent.Method.Method));
        Assert.All(_gateway.Sent, static sent => Assert.Equal("http://gateway:9091/metrics/job/nightly/instance/db1", sent.Uri));
        Sent put = _gateway.Sent[0];
        Assert.Equal("# TYPE rows gauge\nrows 3\n", put.Text);
        Assert.Equal(put.Body.Length, put.ContentLength);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", put.ContentType);
        Assert.Equal("", put.Encoding);
        Assert.Null(put.ExpireAfter);
        Assert.Empty(_gateway.Sent[2].Body);
    }

    [Theory]
    [InlineData("http://gateway:9091", "http://gateway:9091/metrics/job/j")]
    [InlineData("http://gateway:9091/", "http://gateway:9091/metrics/job/j")]
    [InlineData("http://gateway:9091/metrics", "http://gateway:9091/metrics/job/j")]
    [InlineData("http://gateway:9091/metrics/", "http://gateway:9091/metrics/job/j")]
    [InlineData("https://host/prefix", "https://host/prefix/metrics/job/j")]
    [InlineData("https://host/prefix/", "https://host/prefix/metrics/job/j")]
    [InlineData("https://host/a/b/metrics", "https://host/a/b/metrics/job/j")]
    [InlineData("https://host/mymetrics", "https://host/mymetrics/metrics/job/j")]
    [InlineData("http://metrics", "http://metrics/metrics/job/j")]
    public async Task The_endpoint_is_right_with_and_without_its_path(string endpoint, string uri)
    {
        await _gateway.Client(new PushgatewayClientOptions { Endpoint = new Uri(endpoint) }).DeleteAsync(new PushGroup("j"));
        Assert.Equal(uri, _gateway.Only.Uri);
    }

    [Fact]
    public async Task The_base_address_of_the_client_is_the_endpoint_where_none_is_set()
    {
        using var http = new HttpClient(_gateway) { BaseAddress = new Uri("http://other/base/") };
        await new PushgatewayClient(http).DeleteAsync(new PushGroup("j"));
        Assert.Equal("http://other/base/metrics/job/j", _gateway.Only.Uri);

        using var none = new HttpClient(_gateway);
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => new PushgatewayClient(none).DeleteAsync(new PushGroup("j")));
        Assert.Contains("Endpoint is not set", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_options_that_are_wrong_are_named_and_no_password_is_shown()
    {
        var options = new PushgatewayClientOptions
        {
            Endpoint = new Uri("http://me:secret@gateway/"),
            MinimumGzipBytes = -1,
            AttemptTimeout = TimeSpan.Zero,
            Compression = (PushCompression)7,
            Retry = { MaxAttempts = 0, TotalTime = TimeSpan.FromDays(2) },
        };
        string message = Assert.Throws<ArgumentException>(() => _gateway.Client(options)).Message;
        foreach (string named in new[] { "Endpoint is \"http://gateway/\"", "MinimumGzipBytes is -1", "AttemptTimeout is 00:00:00",
            "Compression is 7", "Retry.MaxAttempts is 0", "Retry.TotalTime is 2.00:00:00" })
        {
            Assert.Contains($"PushgatewayClientOptions.{named}: expected ", message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://host/")]
    [InlineData("/metrics")]
    [InlineData("http://host/?a=b")]
    [InlineData("http://host/#a")]
    public void An_endpoint_that_is_none_is_refused(string endpoint) =>
        Assert.Throws<ArgumentException>(
            () => _gateway.Client(new PushgatewayClientOptions { Endpoint = new Uri(endpoint, UriKind.RelativeOrAbsolute) }));

    [Fact]
    public async Task A_refusal_brings_the_gateways_reason()
    {
        _gateway.Answer(HttpStatusCode.BadRequest, "text format parsing error in line 1: expected float as value, got \"x\"\n");
        var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => _gateway.Client().PushAsync(s_group, new Gauge("rows")));

        Assert.Equal("text format parsing error in line 1: expected float as value, got \"x\"", thrown.Reason);
        Assert.Equal(HttpStatusCode.BadRequest, thrown.StatusCode);
        Assert.Equal((false, 1, null, s_group), (thrown.IsTransient, thrown.Attempts, thrown.RetryAfter, thrown.Group));
        Assert.Equal(
            "PUT of {job=\"nightly\",instance=\"db1\"} was refused with 400 Bad Request: text format parsing error in line 1: "
                + "expected float as value, got \"x\"",
            thrown.Message);
    }

    [Fact]
    public async Task A_reason_is_bounded_in_length()
    {
        _gateway.Answer(HttpStatusCode.BadRequest, new string('x', 1 << 20));
        var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => _gateway.Client().DeleteAsync(s_group));
        Assert.Equal(4096, thrown.Reason!.Length);
    }

    [Fact]
    public async Task A_reason_that_never_ends_is_bounded_in_time()
    {
        var time = new SteppedTime();
        using var body = new NeverEnding("no entry");
        _gateway.Answer(HttpStatusCode.Forbidden, null, answer => answer.Content = new StreamContent(body));
        Task push = _gateway.Client(new() { AttemptTimeout = TimeSpan.FromSeconds(3) }, time).PushAsync(s_group, new Gauge("rows"));
        await body.IsAwaited;
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("no entry", (await Assert.ThrowsAsync<PushgatewayException>(() => push)).Reason);
    }

    [Fact]
    public async Task A_redirect_that_became_a_get_is_no_success()
    {
        _gateway.Answer(static (_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            RequestMessage = new HttpRequestMessage(HttpMethod.Get, "http://gateway/metrics"),
        }));
        var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => _gateway.Client().PushAddAsync(s_group, new Gauge("rows")));
        Assert.Contains("redirected to http://gateway/metrics and became GET", thrown.Message, StringComparison.Ordinal);

        _gateway.Answer(HttpStatusCode.MovedPermanently, null, static answer => answer.Headers.Location = new Uri("https://elsewhere/"));
        thrown = await Assert.ThrowsAsync<PushgatewayException>(() => _gateway.Client().PushAsync(s_group, new Gauge("rows")));
        Assert.Contains("redirected to https://elsewhere/", thrown.Message, StringComparison.Ordinal);
        Assert.False(thrown.IsTransient);
        Assert.Equal(2, _gateway.Sent.Count);
    }

    [Fact]
    public async Task A_failed_connection_is_transient_and_says_where_it_went()
    {
        _gateway.Break();
        var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => _gateway.Client(new() { Retry = s_once }).DeleteAsync(s_group));
        Assert.True(thrown.IsTransient);
        Assert.Equal(HttpRequestError.ConnectionError, thrown.HttpRequestError);
        Assert.Contains("to http://gateway:9091/metrics/ failed: Connection refused", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_and_streams_are_pushed_as_they_are_and_expire_when_told()
    {
        byte[] body = "a 1\n"u8.ToArray();
        PushgatewayClient client = _gateway.Client();
        await client.SendAsync(new PushRequest(s_group, body, "text/plain") { ExpireAfter = TimeSpan.FromMinutes(1.5) });
        _gateway.Answer(HttpStatusCode.ServiceUnavailable);
        using var stream = new MemoryStream(body);
        client = _gateway.Client(new() { Retry = { BaseDelay = TimeSpan.Zero } });
        await client.SendAsync(
            new PushRequest(s_group, stream, "application/openmetrics-text; version=1.0.0")
            {
                Method = PushMethod.Add,
                ExpireAfter = TimeSpan.Zero,
            });

        Assert.Equal(("PUT", "a 1\n", "text/plain", "90s"), Facts(_gateway.Sent[0]));
        // Both attempts have the whole stream.
        Assert.Equal(("POST", "a 1\n", "application/openmetrics-text; version=1.0.0", "0s"), Facts(_gateway.Sent[1]));
        Assert.Equal(("POST", "a 1\n", "application/openmetrics-text; version=1.0.0", "0s"), Facts(_gateway.Sent[2]));
        Assert.True(stream.CanRead);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new PushRequest(s_group, body, "text/plain") { ExpireAfter = TimeSpan.FromSeconds(-1) });
        Assert.Throws<FormatException>(() => new PushRequest(s_group, body, "no type at all"));

        static (string, string, string?, string?) Facts(Sent sent) => (sent.Method.Method, sent.Text, sent.ContentType, sent.ExpireAfter);
    }

    [Fact]
    public async Task Names_go_as_they_are_or_as_the_options_say()
    {
        await _gateway.Client().PushAsync(s_group, new Gauge("my.rows"));
        await _gateway.Client(new() { Escaping = EscapingScheme.Underscores }).PushAsync(s_group, new Gauge("my.rows"));
        Assert.Equal("# TYPE \"my.rows\" gauge\n{\"my.rows\"} 1\n", _gateway.Sent[0].Text);
        Assert.Equal("# TYPE my_rows gauge\nmy_rows 1\n", _gateway.Sent[1].Text);
    }

    [Fact]
    public async Task A_source_that_throws_is_the_callers()
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => _gateway.Client().PushAsync(s_group, new FailingSource()));
        Assert.Equal("the disk is gone", thrown.Message);
        Assert.Empty(_gateway.Sent);
    }

    private sealed class NeverEnding(string text) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        private readonly TaskCompletionSource _isAwaited = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task IsAwaited => _isAwaited.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = Read(buffer.Span);
            if (read == 0)
            {
                _isAwaited.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return read;
        }
    }
}
