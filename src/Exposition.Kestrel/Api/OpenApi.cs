using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>The description of all routes, for programs.</summary>
internal static class OpenApi
{
    private static readonly byte[] s_document = Read();

    /// <summary>Serves it.</summary>
    public static Task ServeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = s_document.Length;
        return context.Response.Body.WriteAsync(s_document).AsTask();
    }

    private static byte[] Read()
    {
        using Stream stream = typeof(OpenApi).Assembly.GetManifestResourceStream("api/openapi.json")!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
