using System.Text;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Gateway.Http;

/// <summary>Answers in the exact form of the reference's HTTP library.</summary>
internal static class Replies
{
    /// <summary>A plain text answer.</summary>
    public static Task Text(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Answer.TextType;
        return Body(context, body);
    }

    /// <summary>An error: the text, a newline, and a header that keeps browsers from guessing.</summary>
    public static Task Error(HttpContext context, int status, string text)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Text(context, status, text + "\n");
    }

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

    private static Task Body(HttpContext context, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        context.Response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(bytes).AsTask();
    }
}
