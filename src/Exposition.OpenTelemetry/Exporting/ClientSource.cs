using Exposition.Pusher;

namespace Exposition.OpenTelemetry.Exporting;

/// <summary>
/// Gives the client for an attempt. The last push of a host comes while its services are being disposed of, when the factory gives none any
/// more: then the client from before serves.
/// </summary>
internal sealed class ClientSource(IHttpClientFactory factory)
{
    private HttpClient _last = factory.CreateClient(PushgatewayClient.HttpClientName);

    public HttpClient Get()
    {
        try
        {
            return _last = factory.CreateClient(PushgatewayClient.HttpClientName);
        }
        catch (ObjectDisposedException)
        {
            return _last;
        }
    }
}
