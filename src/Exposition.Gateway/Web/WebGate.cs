using Exposition.Kestrel;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Gateway.Web;

/// <summary>
/// Rate limit, headers and authentication, in this order, for both doors. The raw door serves only requests whose credentials are known
/// to be good, once they were checked, and leaves every other one to the general door.
/// </summary>
/// <param name="file">The web configuration.</param>
/// <param name="engine">The engine.</param>
/// <param name="open">Probes that pass without credentials and whatever the rate; null if none do.</param>
internal sealed class WebGate(WebConfigFile file, ExpositionEngine engine, Probes? open = null) : INamedGate
{
    // Python's urllib and others answer only a challenge with a realm.
    private const string Challenge = "Basic realm=\"pushgateway\", charset=\"UTF-8\"";

    public ReadOnlyMemory<byte> HeaderLines => file.State.HeaderLines;

    public bool TryEnter() => file.State.Bucket is not { } bucket || bucket.TryTake();

    public bool Admits(ReadOnlySpan<byte> authorization) =>
        file.State.Auth is not { } auth || auth.IsKnownGood(authorization);

    public bool Admits(ReadOnlySpan<byte> authorization, out string? user)
    {
        user = null;
        return file.State.Auth is not { } auth || (user = auth.KnownGood(authorization)) is not null;
    }

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

        if (open is not null && open.Has(context))
        {
            await next(context);
            return;
        }

        if (context.Features.Get<EnteredRequest>()?.TryUse() != true && state.Bucket is { } bucket && !bucket.TryTake())
        {
            context.Response.Headers.RetryAfter = bucket.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            Rejected(context, Rejection.RateLimit, StatusCodes.Status429TooManyRequests);
            await Responses.ErrorAsync(context, StatusCodes.Status429TooManyRequests, "Too Many Requests");
            return;
        }

        BasicAuth? auth = state.Auth;
        switch (auth is null ? AuthVerdict.Good : await auth.CheckAsync(AuthorizationOf(context), engine.Clients.Of(context)))
        {
            case AuthVerdict.Good:
                if (auth is not null && BasicCredentials.TryParse(AuthorizationOf(context), out BasicCredentials shown))
                {
                    context.Features.Set(new KnownUser(shown.User));
                }

                await next(context);
                break;
            case AuthVerdict.Busy:
                engine.Reject(Answer.TooManyChecks, context);
                await Responses.WriteAsync(context, Answer.TooManyChecks with { Close = false });
                break;
            default:
                LogUnauthorized(context, auth!);
                context.Response.Headers.WWWAuthenticate = Challenge;
                await Responses.ErrorAsync(context, StatusCodes.Status401Unauthorized, "Unauthorized");
                break;
        }
    }

    private static string AuthorizationOf(HttpContext context) => context.Request.Headers.Authorization is [{ } first, ..] ? first : "";

    private void Rejected(HttpContext context, Rejection why, int status, string? err = null) =>
        engine.Reject(new Answer(status, err, Rejected: why), context);

    // Names that are not configured are not logged: people type their password there.
    private void LogUnauthorized(HttpContext context, BasicAuth auth)
    {
        string header = AuthorizationOf(context);
        bool known = BasicCredentials.TryParse(header, out BasicCredentials given) && auth.Users.ContainsKey(given.User);
        if (known)
        {
            context.Features.Set(new KnownUser(given.User));
        }

        Rejected(context, Rejection.Unauthorized, StatusCodes.Status401Unauthorized, header.Length == 0
            ? "no credentials"
            : known ? $"wrong password of user {given.User}" : "unknown credentials");
    }

    // What a handler has set itself stays.
    private static Task SetHeaders(object state)
    {
        (IHeaderDictionary response, IReadOnlyDictionary<string, string> headers) = (
            (IHeaderDictionary, IReadOnlyDictionary<string, string>))state;
        foreach ((string name, string value) in headers)
        {
            response.TryAdd(name, value);
        }

        return Task.CompletedTask;
    }
}
