namespace Exposition.Pusher.Tests;

/// <summary>Bodies in gzip, and gateways that do not take them.</summary>
public sealed class CompressionTests : IDisposable
{
    private static readonly PushGroup s_group = new("j");
    private static readonly Gauge s_large = new(new string('a', 5000));

    private readonly FakeGateway _gateway = new();
    private readonly PushgatewayClientOptions _gzip = new() { Compression = PushCompression.Gzip };

    public void Dispose() => _gateway.Dispose();

    [Fact]
    public async Task Large_bodies_are_compressed_if_asked()
    {
        PushgatewayClient client = _gateway.Client(_gzip);
        await client.PushAsync(s_group, s_large);
        await client.PushAsync(s_group, new Gauge("small"));
        await client.DeleteAsync(s_group);
        Assert.Equal(["gzip", "", ""], _gateway.Sent.Select(static sent => sent.Encoding));
        Assert.InRange(_gateway.Sent[0].Body.Length, 20, 1000);
        Assert.Equal(_gateway.Sent[0].Body.Length, _gateway.Sent[0].ContentLength);
        Assert.StartsWith("# TYPE aaaa", _gateway.Sent[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.UnsupportedMediaType, "")]
    [InlineData(HttpStatusCode.BadRequest, "unsupported content encoding \"gzip\"")]
    [InlineData(HttpStatusCode.BadRequest, "text format parsing error in line 1: invalid metric name")]
    public async Task A_gateway_that_does_not_take_it_is_not_sent_it_again(HttpStatusCode status, string reason)
    {
        _gateway.Answer(status, reason);
        PushgatewayClient client = _gateway.Client(_gzip);
        await client.PushAsync(s_group, s_large);
        await client.PushAsync(s_group, s_large);
        Assert.Equal(["gzip", "", ""], _gateway.Sent.Select(static sent => sent.Encoding));
    }

    [Fact]
    public async Task A_body_that_is_wrong_by_itself_is_refused_with_its_own_reason_and_nothing_is_remembered()
    {
        _gateway.Answer(HttpStatusCode.BadRequest, "text format parsing error in line 1: of packed")
            .Answer(HttpStatusCode.BadRequest, "text format parsing error in line 1: of plain");
        PushgatewayClient client = _gateway.Client(_gzip);
        var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => client.PushAsync(s_group, s_large));
        Assert.Equal("text format parsing error in line 1: of plain", thrown.Reason);
        await client.PushAsync(s_group, s_large);
        Assert.Equal(["gzip", "", "gzip"], _gateway.Sent.Select(static sent => sent.Encoding));
    }

    [Fact]
    public async Task Another_refusal_is_not_about_the_compression()
    {
        _gateway.Answer(HttpStatusCode.BadRequest, "pushed metrics are invalid or inconsistent with existing metrics");
        await Assert.ThrowsAsync<PushgatewayException>(() => _gateway.Client(_gzip).PushAsync(s_group, s_large));
        Assert.Single(_gateway.Sent);
    }
}
