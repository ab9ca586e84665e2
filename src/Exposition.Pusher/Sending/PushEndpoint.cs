namespace Exposition.Pusher.Sending;

/// <summary>Where a gateway is.</summary>
internal static class PushEndpoint
{
    private const string Metrics = "/metrics";

    /// <summary>What is wrong with it; null if nothing is.</summary>
    public static string? FaultOf(Uri endpoint) =>
        !endpoint.IsAbsoluteUri || (endpoint.Scheme != Uri.UriSchemeHttp && endpoint.Scheme != Uri.UriSchemeHttps)
            ? "expected an absolute http or https URL, such as http://pushgateway:9091"
        : endpoint.UserInfo.Length > 0
            ? "expected no user and password, which belong into an Authorization header of the HttpClient"
        : endpoint.Query.Length > 0 || endpoint.Fragment.Length > 0 ? "expected no query and no fragment"
        : null;

    /// <summary>The URL as it may stand in a message: without a password.</summary>
    public static string Shown(Uri endpoint) => endpoint.IsAbsoluteUri && endpoint.UserInfo.Length > 0
        ? endpoint.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped)
        : endpoint.OriginalString;

    /// <summary>What the paths of groups are appended to.</summary>
    public static string RootOf(Uri endpoint)
    {
        string root = endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return (root.EndsWith(Metrics, StringComparison.Ordinal) && endpoint.AbsolutePath.Length > 1 ? root : root + Metrics) + "/";
    }
}
