using System.Net.Http.Headers;

namespace Exposition.Pusher.Tests;

/// <summary>What is tried again, when, and for how long.</summary>
public sealed class RetryTests : IDisposable
{
    private static readonly PushGroup s_group = new("j");

    private readonly FakeGateway _gateway = new();
    private readonly SteppedTime _time = new();

    public void Dispose() => _gateway.Dispose();

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.BadGateway)]
    [InlineData(HttpStatusCode.RequestTimeout)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task What_may_pass_is_tried_again(HttpStatusCode status)
    {
        _gateway.Answer(status, "busy");
        Task push = _gateway.Client(time: _time).PushAsync(s_group, new Gauge("a"));
        await _time.PassAsync(TimeSpan.FromMilliseconds(250));
        await push;
        Assert.Equal(2, _gateway.Sent.Count);
        Assert.All(_gateway.Sent, static sent => Assert.Equal("# TYPE a gauge\na 1\n", sent.Text));
    }

    [Fact]
    public async Task A_broken_connection_is_tried_again()
    {
        _gateway.Break();
        Task push = _gateway.Client(time: _time).DeleteAsync(s_group);
        await _time.PassAsync(TimeSpan.FromMilliseconds(250));
        await push;
        Assert.Equal(2, _gateway.Sent.Count);
    }

    [Fact]
    public async Task No_answer_in_time_is_tried_again()
    {
        _gateway.Hang();
        Task push = _gateway.Client(time: _time).PushAsync(s_group, new Gauge("a"));
        await _time.PassAsync(TimeSpan.FromSeconds(10));
        await _time.PassAsync(TimeSpan.FromMilliseconds(250));
        await push;
        Assert.Equal(2, _gateway.Sent.Count);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.MethodNotAllowed)]
    [InlineData(HttpStatusCode.Conflict)]
    [InlineData(HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(HttpStatusCode.UnsupportedMediaType)]
    public async Task No_other_refusal_is_repeated_even_if_asked_to_come_back(HttpStatusCode status)
    {
        _gateway.Answer(status, "no", static answer => answer.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(1)));
        var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => _gateway.Client(time: _time).PushAsync(s_group, new Gauge("a")));
        Assert.Equal((false, "no", TimeSpan.FromSeconds(1)), (thrown.IsTransient, thrown.Reason, thrown.RetryAfter));
        Assert.Single(_gateway.Sent);
    }

    [Fact]
    public async Task Pauses_double_to_their_bound_and_attempts_end()
    {
        for (int i = 0; i < 6; i++)
        {
            _gateway.Answer(HttpStatusCode.ServiceUnavailable, "busy");
        }

        var options = new PushgatewayClientOptions
        {
            Retry =
            {
                MaxAttempts = 6, BaseDelay = TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(5), TotalTime = TimeSpan.FromHours(1),
            },
        };
        Task push = _gateway.Client(options, _time, random: 0.5).PushAsync(s_group, new Gauge("a"));
        foreach (double seconds in new[] { 0.5, 1, 2, 2.5, 2.5 })
        {
            await _time.PassAsync(TimeSpan.FromSeconds(seconds));
        }

        var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => push);
        Assert.Equal((true, 6), (thrown.IsTransient, thrown.Attempts));
        Assert.EndsWith("503 Service Unavailable: busy (tried 6 times)", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(6, _gateway.Sent.Count);
    }

    [Fact]
    public async Task Pauses_are_random_from_zero_to_their_bound()
    {
        // With zero nothing is waited for; near one nearly all of it.
        _gateway.Answer(HttpStatusCode.ServiceUnavailable);
        await _gateway.Client(time: _time, random: 0).PushAsync(s_group, new Gauge("a"));
        Assert.Equal(2, _gateway.Sent.Count);

        _gateway.Answer(HttpStatusCode.ServiceUnavailable);
        Task push = _gateway.Client(time: _time, random: 0.998).PushAsync(s_group, new Gauge("a"));
        await _time.PassAsync(TimeSpan.FromMilliseconds(499));
        await push;
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests, false)]
    [InlineData(HttpStatusCode.ServiceUnavailable, true)]
    public async Task Retry_after_is_waited_for_and_a_random_pause_on_top(HttpStatusCode status, bool asDate)
    {
        _gateway.Answer(status, "later", answer => answer.Headers.RetryAfter = asDate
            ? new RetryConditionHeaderValue(_time.GetUtcNow() + TimeSpan.FromSeconds(7))
            : new RetryConditionHeaderValue(TimeSpan.FromSeconds(7)));
        Task push = _gateway.Client(time: _time).PushAsync(s_group, new Gauge("a"));
        await _time.PassAsync(TimeSpan.FromSeconds(7.25));
        await push;
        Assert.Equal(2, _gateway.Sent.Count);
    }

    [Fact]
    public async Task A_date_that_has_passed_is_no_pause()
    {
        _gateway.Answer(HttpStatusCode.ServiceUnavailable, "later", answer =>
            answer.Headers.RetryAfter = new RetryConditionHeaderValue(_time.GetUtcNow() - TimeSpan.FromDays(1)));
        Task push = _gateway.Client(time: _time).PushAsync(s_group, new Gauge("a"));
        await _time.PassAsync(TimeSpan.FromMilliseconds(250));
        await push;
    }

    [Fact]
    public async Task Who_is_told_to_wait_for_too_long_gives_up_at_once()
    {
        _gateway.Answer(HttpStatusCode.TooManyRequests, "tomorrow", static answer =>
            answer.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromDays(20_000)));
        var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => _gateway.Client(time: _time).PushAsync(s_group, new Gauge("a")));
        Assert.True(thrown.IsTransient);
        Assert.True(thrown.RetryAfter > TimeSpan.FromDays(1000));
        Assert.Single(_gateway.Sent);
    }

    [Fact]
    public async Task All_attempts_together_have_a_time_too()
    {
        _gateway.Hang().Hang();
        var options = new PushgatewayClientOptions { Retry = { TotalTime = TimeSpan.FromSeconds(15) } };
        Task push = _gateway.Client(options, _time, random: 0).PushAsync(s_group, new Gauge("a"));
        await _time.PassAsync(TimeSpan.FromSeconds(10));
        // What is left for the second.
        await _time.PassAsync(TimeSpan.FromSeconds(5));
        var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => push);
        Assert.Equal(2, thrown.Attempts);
        Assert.Contains("there was no answer after 00:00:05", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_cancels_gets_a_cancellation()
    {
        using var cancellation = new CancellationTokenSource();
        _gateway.Hang();
        Task push = _gateway.Client(time: _time).PushAsync(s_group, new Gauge("a"), cancellation.Token);
        await _time.UntilSetAsync(TimeSpan.FromSeconds(10));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => push);

        _gateway.Answer(HttpStatusCode.ServiceUnavailable);
        using var duringPause = new CancellationTokenSource();
        push = _gateway.Client(time: _time).PushAsync(s_group, new Gauge("a"), duringPause.Token);
        await _time.UntilSetAsync(TimeSpan.FromMilliseconds(250));
        await duringPause.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => push);
    }
}
