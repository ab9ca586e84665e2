using Exposition.Gateway.Http;
using Exposition.Kestrel;
using Exposition.Kestrel.OwnMetrics;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;

namespace Exposition.Gateway.Web;

/// <summary>
/// Rate limit, headers and authentication, in this order, for both doors. The raw door serves only requests whose credentials are known
/// to be good, once they were checked, and leaves every other one to the general door.
/// </summary>
internal sealed class WebGate(WebConfigFile file, ExpositionEngine engine) : IRawGate
{
    public ReadOnlyMemory<byte> HeaderLines => file.State.HeaderLines;

    public bool TryEnter() => file.State.Bucket is not { } bucket || bucket.TryTake();

    public bool Admits(ReadOnlySpan<byte> authorization) => file.State.Auth is not { } auth || auth.IsKnownGood(authorization);

    public async ValueTask<bool> LearnAsync(string authorization, ClientAddress client) =>
        file.State.Auth is not { } auth || await auth.CheckAsync(authorization, client) != AuthVerdict.Busy;

    /// <summary>The middleware of the general door.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        WebState state = file.State;
        if (state.Config.Headers.Count > 0)
        {
            context.Response.OnStarting(SetHeaders, (context.Response.Headers, state.Config.Headers));
        }

        if (context.Features.Get<EnteredRequest>()?.TryUse() != true && state.Bucket is { } bucket && !bucket.TryTake())
        {
            context.Response.Headers.RetryAfter = bucket.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await Replies.Error(context, StatusCodes.Status429TooManyRequests, "Too Many Requests");
            return;
        }

        string authorization = context.Request.Headers.Authorization is [{ } first, ..] ? first : "";
        switch (state.Auth is { } auth ? await auth.CheckAsync(authorization, engine.Clients.Of(context)) : AuthVerdict.Good)
        {
            case AuthVerdict.Good:
                await next(context);
                break;
            case AuthVerdict.Busy:
                engine.CountRefusal(Limit.PasswordChecks);
                await Replies.Busy(context, Answer.TooManyChecks.Text!);
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
