using System.Diagnostics;
using System.Net;
using System.Text;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Exposition.Kestrel.Endpoints;

/// <summary>
/// Counts what Kestrel refuses by itself, before any endpoint is asked, under the limit that it stands for, and logs it. Which engine it
/// was meant for cannot be known: each of the host counts it.
/// </summary>
internal sealed class KestrelRefusals(ExpositionEngine engine) : IObserver<KeyValuePair<string, object?>>
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Starts counting, unless the engine does already: its routes may be mapped in parts.</summary>
    public static void Watch(DiagnosticListener listener, ExpositionEngine engine)
    {
        if (!engine.Mapped.CountsKestrelRefusals)
        {
            engine.Mapped.CountsKestrelRefusals = true;
            listener.Subscribe(new KestrelRefusals(engine), static name => name == BadRequest);
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        // What was broken off after its answer is no refusal of its own.
        if (value.Value is IFeatureCollection features
            && features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException error
            && features.Get<IHttpResponseFeature>() is not { HasStarted: true })
        {
            Limit limit = error.StatusCode switch
            {
                StatusCodes.Status414UriTooLong => Limit.TargetBytes,
                StatusCodes.Status431RequestHeaderFieldsTooLarge =>
                    error.Message.Contains("too many headers", StringComparison.Ordinal) ? Limit.Headers : Limit.HeadBytes,
                StatusCodes.Status408RequestTimeout => Limit.HeadTimeout,
                _ => Limit.None,
            };
            engine.Reject(new Answer(error.StatusCode, error.Message, Limit: limit, Rejected: Rejection.Other), CallerOf(features));
        }
    }

    // The request line may have been read before the head went wrong.
    private Caller CallerOf(IFeatureCollection features)
    {
        var caller = new Caller(engine.Clients, PeerOf(features));
        if (features.Get<IHttpRequestFeature>() is { RawTarget.Length: > 0 } request)
        {
            caller.TakeTarget(Encoding.UTF8.GetBytes(request.RawTarget));
        }

        return caller;
    }

    private static IPEndPoint? PeerOf(IFeatureCollection features) =>
        features.Get<IHttpConnectionFeature>() is { RemoteIpAddress: { } address } peer ? new IPEndPoint(address, peer.RemotePort) : null;

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
