using System.Diagnostics.CodeAnalysis;
using System.Text;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Exposition.Kestrel.Endpoints;

// The order of the Pushgateway: a gzip header is read before anything is routed; then the path is cleaned by a redirect; then the method is
// looked at; then come redirects to the right spelling; and then 404. What would change something is never redirected: clients take that
// for success.

/// <summary>The second door: the same routes behind Kestrel's own HTTP, for everything that the raw door does not serve.</summary>
internal sealed class EndpointDoor(ExpositionEngine engine)
{
    private const string TelemetryMethods = "GET, OPTIONS";
    private const string GroupMethods = "DELETE, OPTIONS, POST, PUT";

    // Made for the first request that misses: by then it is known where the routes are mapped.
    private readonly Lazy<RouteTable<PushMethod?>> _spellings = new(() => Spellings(engine.Paths.Served));
    private readonly HeadLimits _limits = new(engine);

    /// <summary>Serves a request.</summary>
    public Task HandleAsync(HttpContext context)
    {
        if (_limits.Refuse(context) is { } tooLong)
        {
            return tooLong;
        }

        if (engine.Origins.Refuse(context) is { } foreign)
        {
            return foreign;
        }

        string target = RequestTarget.Of(context);
        Route route = engine.Paths.Resolve(Encoding.UTF8.GetBytes(target));
        if (TryRefuse(context, target, route, out Task? refused))
        {
            return refused;
        }

        string method = context.Request.Method;
        return route.Kind switch
        {
            RouteKind.Telemetry when method == HttpMethods.Get => ScrapeAsync(context, engine.Scrapes, target),
            RouteKind.SelfMetrics when method == HttpMethods.Get => ScrapeAsync(context, engine.SelfScrapes, ""),
            RouteKind.Group when PushMethods.Of(method) is { } push => PushAsync(context, push, route, target.Length),
            _ => MissAsync(context, target, route.Kind),
        };
    }

    /// <summary>Answers what the Pushgateway answers before it routes, for any path of the host.</summary>
    /// <returns>Null if the request is to be served.</returns>
    public Task? RefuseBeforeRouting(HttpContext context)
    {
        string target = RequestTarget.Of(context);
        return TryRefuse(context, target, engine.Paths.Resolve(Encoding.UTF8.GetBytes(target)), out Task? refused) ? refused : null;
    }

    private bool TryRefuse(HttpContext context, string target, Route route, [NotNullWhen(true)] out Task? refused)
    {
        refused = route.Kind == RouteKind.Malformed ? engine.RefuseAsync(context, Answer.MalformedTarget)
            : LacksGzip(context, target, route) ? engine.RefuseAsync(context, new Answer(400, "EOF", Rejected: Rejection.Encoding))
            : route.Refusal is { } answer && PushMethods.Of(context.Request.Method) is not null ? engine.RefuseAsync(context, answer)
            : route.Kind == RouteKind.Unclean
                ? Responses.RedirectAsync(context, Cleaned(context, target), StatusCodes.Status301MovedPermanently)
            : null;
        return refused is not null;
    }

    private Task MissAsync(HttpContext context, string target, RouteKind kind)
    {
        (string path, string query) = RequestTarget.Cut(target);
        RouteMatch<PushMethod?> match = kind switch
        {
            RouteKind.Telemetry or RouteKind.SelfMetrics => new(null, Allow: TelemetryMethods),
            RouteKind.Group => new(null, Allow: GroupMethods),
            _ => _spellings.Value.Find(context.Request.Method, path),
        };
        string right = PathCleaner.EscapeLocation(RequestTarget.PathBaseOf(context) + match.Redirect + query);
        return Responses.MissAsync(engine, context, match, right, right);
    }

    private static string Cleaned(HttpContext context, string target)
    {
        (string path, string query) = RequestTarget.Cut(target);
        return PathCleaner.EscapeLocation(RequestTarget.PathBaseOf(context) + PathCleaner.Clean(path) + query);
    }

    // Paths that are served are found by PushPath. This is for those that differ in case, or by a slash at the end.
    private static RouteTable<PushMethod?> Spellings(ServedPaths served)
    {
        string root = served.PushRoot;
        return new RouteTable<PushMethod?>(
        [
            new(HttpMethods.Get, served.TelemetryPath, RouteTail.None, null),
            .. from method in Enum.GetValues<PushMethod>()
               from path in (string[])[root + "/", root + "@base64/"]
               select new Route<PushMethod?>(method.ToString().ToUpperInvariant(), path, RouteTail.Job, method),
        ]);
    }

    // The Pushgateway reads a gzip header from the body of any request that announces it, even of one without a body; not so in its API.
    private bool LacksGzip(HttpContext context, string target, Route route) =>
        EncodingOf(context.Request.Headers.ContentEncoding) == BodyEncoding.Gzip
        && !(route.Kind == RouteKind.Group && PushMethods.Of(context.Request.Method) is not null)
        && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true
        && !target.StartsWith(engine.Paths.Served.Prefix + "/api/v1/", StringComparison.Ordinal);

    // Of several lines the first counts, as in the Pushgateway.
    private static BodyEncoding EncodingOf(StringValues header) => ContentCoding.Of(First(header));

    private static byte[] First(StringValues header) => header.Count == 0 ? [] : Encoding.UTF8.GetBytes(header[0] ?? "");

    // As the raw door and the Pushgateway count it.
    private static int HeadSize(HttpRequest request, int targetLength)
    {
        int size = targetLength + request.Method.Length + "HTTP/1.1".Length + (request.Host.Value?.Length ?? 0);
        foreach ((string name, StringValues values) in request.Headers)
        {
            if (string.Equals(name, HeaderNames.Host, StringComparison.OrdinalIgnoreCase)
                || string.Equals(name, HeaderNames.TransferEncoding, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            foreach (string? value in values)
            {
                size += name.Length + (value?.Length ?? 0);
            }
        }

        return size;
    }

    private async Task PushAsync(HttpContext context, PushMethod method, Route route, int targetLength)
    {
        var request = new PushRequest
        {
            Method = method,
            Route = route,
            Encoding = EncodingOf(context.Request.Headers.ContentEncoding),
            HeadSize = HeadSize(context.Request, targetLength),
            AnnouncedBytes = context.Request.ContentLength ?? 0,
            Sender = Sender.Of(context),
            Caller = Caller.Of(engine, context),
            Client = engine.Clients.Of(context),
            StartedAt = engine.Options.Time.GetTimestamp(),
            Door = Door.Kestrel,
        };
        request.TakeContentType(First(context.Request.Headers.ContentType));
        PushHeaderFields.Take(context.Request.Headers, ref request);

        using var body = new RequestBody(engine);
        request.Claim = body.Claim;
        Answer answer;
        try
        {
            Answer? refused = await body.ReadAsync(context);
            if (refused is null)
            {
                answer = engine.Pushes.Handle(request, body.Memory, out Task<string?>? confirmation) is not { } handled
                    ? await engine.Pushes.HandleLargeAsync(request, body.Memory)
                    : confirmation is null ? handled
                    : engine.Pushes.Finish(request, handled, await confirmation);
            }
            else
            {
                answer = refused.Value;
                engine.Pushes.Count(request, answer);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has gone.
            engine.Pushes.Count(request, Answer.CutShort);
            context.Abort();
            return;
        }
        catch (Exception e)
        {
            answer = engine.Pushes.Fail(request, e);
        }

        Responses.KeepAlive(context, engine.Options.IdleTimeout);
        await Responses.WriteAsync(context, answer);
    }

    private async Task ScrapeAsync(HttpContext context, ScrapeHandler scrapes, string target)
    {
        ScrapeRequest request = scrapes.Understand(
            First(context.Request.Headers.Accept), Encoding.UTF8.GetBytes(context.Request.Headers.AcceptEncoding.ToString()),
            First(context.Request.Headers["X-Prometheus-Scrape-Timeout-Seconds"]), Door.Kestrel, Encoding.UTF8.GetBytes(target));
        request = request with { By = new ScrapedBy(engine.Clients.Of(context), KnownUser.Of(context)) };
        Responses.KeepAlive(context, engine.Options.IdleTimeout);
        OpenScrape? scrape = scrapes.TryOpen(request, out Answer refused);
        if (scrape is null)
        {
            engine.Decline(refused, Caller.Of(engine, context));
            await Responses.WriteAsync(context, refused);
            return;
        }

        if (engine.Log.Shows(LogLevel.Debug))
        {
            engine.Log.Served("scrape", Caller.Of(engine, context), StatusCodes.Status200OK);
        }

        await SendAsync(context, scrape);
    }

    private async Task SendAsync(HttpContext context, OpenScrape scrape)
    {
        using OpenScrape open = scrape;
        using var output = new BodyOutput(context, engine.Options.Time);
        if (scrape.Timeout > TimeSpan.Zero)
        {
            output.Allow(scrape.Timeout);
        }

        try
        {
            await scrape.PrepareAsync(context.RequestAborted);
            HttpResponse response = context.Response;
            response.ContentType = Encoding.ASCII.GetString(scrape.ContentType);
            response.ContentLength = scrape.Length;
            response.Headers.Vary = "Accept, Accept-Encoding";
            if (scrape.Gzip)
            {
                response.Headers.ContentEncoding = "gzip";
            }

            if (!await scrape.SendAsync(output, context.RequestAborted) && output.IsOverdue)
            {
                scrape.CountTooSlow();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The scraper has gone, or was too slow.
            if (output.IsOverdue)
            {
                scrape.CountTooSlow();
            }
        }
        catch (Exception e)
        {
            engine.Log.Failed("a scrape failed inside the engine", e);
            context.Abort();
        }
    }
}
