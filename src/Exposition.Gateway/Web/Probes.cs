using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;

namespace Exposition.Gateway.Web;

/// <summary>Tells probes from other requests.</summary>
/// <param name="prefix">What stands before every route.</param>
internal sealed class Probes(string prefix)
{
    private readonly string[] _paths = [prefix + "/-/healthy", prefix + "/-/ready"];

    /// <summary>Whether a method, whose case counts, and a decoded path are those of a probe.</summary>
    public bool Has(string method, string path) => method is "GET" or "HEAD" && _paths.Contains(path);

    /// <summary>Whether a request is one, as it was sent.</summary>
    public bool Has(HttpContext context) =>
        RequestTarget.TryDecode(RequestTarget.Cut(RequestTarget.Of(context)).Path, out string path) && Has(context.Request.Method, path);
}
