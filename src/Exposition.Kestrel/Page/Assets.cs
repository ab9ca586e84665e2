using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Page;

/// <summary>The static files, embedded in the assembly.</summary>
internal sealed class Assets
{
    private const string ResourcePrefix = "static/";

    private readonly Dictionary<string, (byte[] Content, string Type, string Tag)> _files = new(StringComparer.Ordinal);
    private readonly byte[] _listing;

    private Assets()
    {
        Assembly assembly = typeof(Assets).Assembly;
        var listing = new StringBuilder("<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n");
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string resource in assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            all.AppendData(content);
            string name = resource[ResourcePrefix.Length..];
            _files[name] = (content, TypeOf(name), $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8))}\"");
            listing.Append("<a href=\"").Append(name).Append("\">").Append(name).Append("</a>\n");
        }

        _listing = Encoding.UTF8.GetBytes(listing.Append("</pre>\n").ToString());
        Version = Convert.ToHexStringLower(all.GetHashAndReset().AsSpan(0, 4));
    }

    /// <summary>All of them.</summary>
    public static Assets All { get; } = new();

    /// <summary>Changes when a file does; part of the links, so that caches follow.</summary>
    public string Version { get; }

    /// <summary>Serves the file that the route names, or the list of files.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        string name = context.Request.RouteValues["file"] as string ?? "";
        if (name.Length == 0)
        {
            if (PageAddress.Redirect(context, withSlash: true) is { } redirect)
            {
                await redirect;
                return;
            }

            await Send(context, _listing, "text/html; charset=utf-8");
        }
        else if (!_files.TryGetValue(name, out (byte[] Content, string Type, string Tag) file))
        {
            await Responses.WriteAsync(context, Answer.NotFound);
        }
        else
        {
            context.Response.Headers.ETag = file.Tag;
            if (context.Request.Query["v"] == Version)
            {
                // It never changes at that address.
                context.Response.Headers.CacheControl = "max-age=31536000, immutable";
            }

            if (context.Request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries)
                .Any(tag => tag == "*" || tag == file.Tag || tag == "W/" + file.Tag))
            {
                context.Response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }

            await Send(context, file.Content, file.Type);
        }
    }

    private static Task Send(HttpContext context, byte[] content, string type)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        return context.Response.Body.WriteAsync(content).AsTask();
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".js" => "application/javascript",
        ".css" => "text/css",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
