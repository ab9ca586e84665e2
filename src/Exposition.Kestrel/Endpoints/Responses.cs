using System.Text;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Raw;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Endpoints;

/// <summary>Writes the answers that are not scrapes, as the Pushgateway words them.</summary>
internal static class Responses
{
    /// <summary>An answer of the shared handlers.</summary>
    public static Task WriteAsync(HttpContext context, in Answer answer)
    {
        if (answer.MayRetry)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        if (answer.IsAlone)
        {
            SayAlone(context);
        }

        if (answer.Status == StatusCodes.Status415UnsupportedMediaType)
        {
            context.Response.Headers.AcceptEncoding = ContentCoding.Understood;
        }

        if (answer.Close && IsHttp1(context))
        {
            context.Response.Headers.Connection = "close";
        }

        return ErrorAsync(context, answer.Status, answer.Body);
    }

    /// <summary>Says that the change was taken by this host alone.</summary>
    public static void SayAlone(HttpContext context) => context.Response.Headers["Exposition-Replicated"] = "no";

    /// <summary>An error with none of the headers that the status asks for.</summary>
    public static Task ErrorAsync(HttpContext context, int status, string text) =>
        ErrorAsync(context, status, new Answer(status, text).Body);

    /// <summary>
    /// What the Pushgateway answers where it has found no route. What would change something is never redirected: many clients take that
    /// for success.
    /// </summary>
    /// <param name="engine">Told of what is refused.</param>
    /// <param name="context">The request.</param>
    /// <param name="match">What was found in place of a route.</param>
    /// <param name="location">Where to redirect, escaped.</param>
    /// <param name="meant">What the path of a change is told to be instead.</param>
    public static Task MissAsync<T>(ExpositionEngine engine, HttpContext context, in RouteMatch<T> match, string location, string meant)
    {
        string method = context.Request.Method;
        if (match.Redirect is not null)
        {
            return PushMethods.Of(method) is not null ? engine.RefuseAsync(context, Answer.NotFoundAt(meant))
                : RedirectAsync(context, location, match.Status);
        }

        if (match.Allow is not { } allow)
        {
            return engine.RefuseAsync(context, Answer.NotFound);
        }

        context.Response.Headers.Allow = allow;
        return method == HttpMethods.Options ? WriteAsync(context, new Answer(200)) : engine.RefuseAsync(context, Answer.NotAllowed);
    }

    /// <summary>A redirect: with a link as body for GET, else without.</summary>
    /// <param name="context">The request.</param>
    /// <param name="location">Where to, escaped.</param>
    /// <param name="status">301 or 307.</param>
    public static async Task RedirectAsync(HttpContext context, string location, int status)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = location;
        byte[] body = [];
        if (context.Request.Method is "GET" or "HEAD")
        {
            string link = location.Replace("&", "&amp;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal);
            string reason = status == StatusCodes.Status301MovedPermanently ? "Moved Permanently" : "Temporary Redirect";
            body = Encoding.UTF8.GetBytes($"<a href=\"{link}\">{reason}</a>.\n\n");
            context.Response.ContentType = "text/html; charset=utf-8";
        }

        context.Response.ContentLength = body.Length;
        if (body.Length > 0 && context.Request.Method != HttpMethods.Head)
        {
            await context.Response.Body.WriteAsync(body);
        }
    }

    /// <summary>Promises a client that asked for it how long its connection will be kept.</summary>
    public static void KeepAlive(HttpContext context, TimeSpan idleTimeout)
    {
        if (IsHttp1(context) && HasKeepAlive(context.Request.Headers.Connection.ToString()))
        {
            context.Response.Headers.Connection = "keep-alive";
            context.Response.Headers.KeepAlive = $"timeout={AnswerWriter.KeepAliveSeconds(idleTimeout)}";
        }
    }

    private static bool HasKeepAlive(string connection)
    {
        bool keep = false;
        foreach (Range part in connection.AsSpan().Split(','))
        {
            ReadOnlySpan<char> option = connection.AsSpan(part).Trim();
            if (option.Equals("close", StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }

            keep |= option.Equals("keep-alive", StringComparison.OrdinalIgnoreCase);
        }

        return keep;
    }

    private static bool IsHttp1(HttpContext context) => context.Request.Protocol == HttpProtocol.Http11;

    private static async Task ErrorAsync(HttpContext context, int status, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentLength = body.Length;
        if (body.Length > 0)
        {
            context.Response.ContentType = Answer.TextType;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            if (context.Request.Method != HttpMethods.Head)
            {
                await context.Response.Body.WriteAsync(body);
            }
        }
    }
}
