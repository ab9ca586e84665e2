using System.Net;
using System.Text;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;

namespace Exposition.Gateway.Http;

/// <summary>Answers in the exact form of the reference's HTTP library.</summary>
internal static class Replies
{
    private const string PlainText = "text/plain; charset=utf-8";

    /// <summary>A plain text answer.</summary>
    public static Task Text(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = PlainText;
        return Body(context, body);
    }

    /// <summary>An error: the text, a newline, and a header that keeps browsers from guessing.</summary>
    public static Task Error(HttpContext context, int status, string text)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Text(context, status, text + "\n");
    }

    public static Task NotFound(HttpContext context) => Error(context, StatusCodes.Status404NotFound, "404 page not found");

    /// <summary>The answer to OPTIONS on a known path.</summary>
    public static Task Options(HttpContext context, string allow)
    {
        if (allow.Length > 0)
        {
            context.Response.Headers.Allow = allow;
        }

        return Empty(context, StatusCodes.Status200OK);
    }

    public static Task Empty(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    /// <summary>Too many of one kind at once.</summary>
    public static Task Busy(HttpContext context, string reason)
    {
        context.Response.Headers.RetryAfter = "1";
        return Error(context, StatusCodes.Status503ServiceUnavailable, reason);
    }

    /// <summary>The kept state is still being loaded.</summary>
    public static Task Loading(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Error(context, StatusCodes.Status503ServiceUnavailable, "not ready: the persisted metrics are being loaded");
    }

    /// <summary>A redirect. GET and HEAD get a small page, other methods nothing.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">301 or 307.</param>
    /// <param name="path">The decoded path to go to.</param>
    /// <param name="query">The query, with its question mark.</param>
    public static Task Redirect(HttpContext context, int status, string path, string query)
    {
        string location = RequestTarget.Encode(path) + PathCleaner.EscapeLocation(query);
        context.Response.StatusCode = status;
        context.Response.Headers.Location = location;
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentLength = 0;
            return Task.CompletedTask;
        }

        context.Response.ContentType = "text/html; charset=utf-8";
        string reason = status == StatusCodes.Status301MovedPermanently ? "Moved Permanently" : "Temporary Redirect";
        return Body(context, $"<a href=\"{WebUtility.HtmlEncode(location)}\">{reason}</a>.\n\n");
    }

    private static Task Body(HttpContext context, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        context.Response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(bytes).AsTask();
    }
}
