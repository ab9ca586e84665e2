namespace Exposition.EndToEnd.Tests.Wire;

/// <summary>
/// Which status codes a recorded request may get: the rule for its kind, and the few requests that were made to be
/// refused. Where two codes stand, the second is ours and differences.md says why (line ends in CRLF, a missing last line
/// end and paths that the reference redirects are served).
/// </summary>
internal static class ExpectedStatus
{
    private static readonly Dictionary<string, int[]> s_special = new()
    {
        // prometheus-cpp and prometheus-net do not escape line ends in HELP.
        ["PUT /metrics/job/conf_cpp_badhelp"] = [400],
        ["PUT /metrics/job/conf_dotnet_badhelp"] = [400],
        ["POST /metrics/job/conf_dotnet_badhelp"] = [400],
        // curl -d strips line ends.
        ["POST /metrics/job/conf_curl_dataflag"] = [400, 200],
        ["POST /metrics/job/conf_curl_nonl"] = [400, 200],
        ["POST /metrics/job/conf_curl_crlf"] = [400, 200],
        ["POST /metrics/job/conf_curl_ts"] = [400],
        ["PUT /metrics/job/conf_go_prototext"] = [400],
        ["PUT /metrics/job/conf_go_protocompact"] = [400],
        ["PUT /metrics/job/conf_java08_bad/bad-name/x"] = [400],
        ["PUT /metrics/job/conf%2Fnode/path/%2Fvar%2Ftmp"] = [301, 200, 400],
        ["POST /metrics/job/conf_dotnet_streamcontent"] = [200, 411],
    };

    public static int[] For(RecordedRequest request)
    {
        if (s_special.TryGetValue(request.ToString(), out var codes))
        {
            return codes;
        }

        return request switch
        {
            { IsPush: true } => [200],
            { IsDelete: true } => [202],
            { IsPushPath: true } => [405],
            { Method: "HEAD" } => [405, 200],
            { Method: "GET" } => [200],
            _ => throw new InvalidOperationException("no rule for " + request),
        };
    }
}
