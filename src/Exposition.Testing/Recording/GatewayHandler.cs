namespace Exposition.Testing.Recording;

/// <summary>Sends whatever comes to one gateway, whichever host it is for.</summary>
internal sealed class GatewayHandler(Uri gateway) : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Headers.Host ??= request.RequestUri?.Authority;
        request.RequestUri = new Uri(gateway, request.RequestUri?.PathAndQuery ?? "/");
        return base.SendAsync(request, cancellationToken);
    }
}
