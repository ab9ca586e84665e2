using Exposition.Gateway.Http;
using Exposition.Kestrel;
using Microsoft.AspNetCore.Http;

namespace Exposition.Gateway.Web;

/// <summary>
/// Rate limit, headers and authentication, in this order, for both doors. The raw door serves only requests whose credentials are known
/// to be good, once they were checked, and leaves every other one to the general door.
/// </summary>
internal sealed class WebGate(WebConfigFile file) : IRawGate
{
    public ReadOnlyMemory<byte> HeaderLines => file.State.HeaderLines;

    public bool Admits(ReadOnlySpan<byte> authorization)
    {
        WebState state = file.State;
        return (state.Auth is not { } auth || auth.IsKnownGood(authorization)) && (state.Bucket is not { } bucket || bucket.TryTake());
    }

    public async ValueTask LearnAsync(string authorization)
    {
        if (file.State.Auth is { } auth)
        {
            await auth.CheckAsync(authorization);
        }
    }

    /// <summary>The middleware of the general door.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        WebState state = file.State;
        if (state.Config.Headers.Count > 0)
        {
            context.Response.OnStarting(SetHeaders, (context.Response.Headers, state.Config.Headers));
        }

        if (state.Bucket is { } bucket && !bucket.TryTake())
        {
            context.Response.Headers.RetryAfter = bucket.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await Replies.Error(context, StatusCodes.Status429TooManyRequests, "Too Many Requests");
            return;
        }

        switch (state.Auth is { } auth ? await auth.CheckAsync(context.Request.Headers.Authorization is [{ } first, ..] ? first : "") : AuthVerdict.Good)
        {
            case AuthVerdict.Good:
                await next(context);
                break;
            case AuthVerdict.Busy:
                await Replies.Busy(context);
                break;
            default:
                context.Response.Headers.WWWAuthenticate = "Basic";
                await Replies.Error(context, StatusCodes.Status401Unauthorized, "Unauthorized");
                break;
        }
    }

    // What a handler has set itself stays.
    private static Task SetHeaders(object state)
    {
        (IHeaderDictionary response, IReadOnlyDictionary<string, string> headers) = ((IHeaderDictionary, IReadOnlyDictionary<string, string>))state;
        foreach ((string name, string value) in headers)
        {
            response.TryAdd(name, value);
        }

        return Task.CompletedTask;
    }
}
