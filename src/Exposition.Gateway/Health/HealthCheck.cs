using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Exposition.Formats.Go;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Listening;
using Exposition.Gateway.Web;

namespace Exposition.Gateway.Health;

/// <summary><c>--check-health</c>: for containers without a shell, whose engine asks by a command.</summary>
internal static class HealthCheck
{
    private const int MostAnswer = 200;

    /// <summary>Asks once, and writes one line.</summary>
    /// <returns>The exit code: 0 if the gateway is healthy, else 1.</returns>
    public static async Task<int> RunAsync(Flags flags, TextWriter output, TextWriter errors)
    {
        try
        {
            HealthTarget target = HealthTarget.From(flags);
            (bool healthy, string answer) = await AskAsync(target, flags.CheckHealthTimeout);
            string line = GoQuote.Visible($"{(healthy ? "healthy" : "unhealthy")}: {target.Shown}: {answer}");
            await (healthy ? output : errors).WriteLineAsync(line);
            return healthy ? 0 : 1;
        }
        catch (Exception e) when (e is ListenException or WebConfigException)
        {
            await errors.WriteLineAsync(GoQuote.Visible("cannot check the health: " + e.Message));
            return 1;
        }
    }

    private static async Task<(bool Healthy, string Answer)> AskAsync(HealthTarget target, TimeSpan timeout)
    {
        using var patience = new CancellationTokenSource(timeout);
        using var client = new HttpClient(Handler(target));
        using var request = new HttpRequestMessage(HttpMethod.Get, target.Url);
        request.Headers.Host = target.Host;
        request.Headers.ConnectionClose = true;
        if (target.Url.UserInfo.Length > 0)
        {
            string credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(target.Url.UserInfo)));
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", credentials);
        }

        try
        {
            using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            bool healthy = answer.StatusCode == HttpStatusCode.OK || target.SignsOfLife.Contains(answer.StatusCode);
            return (healthy, $"{(int)answer.StatusCode} {await FirstLineAsync(answer, patience.Token)}");
        }
        catch (OperationCanceledException)
        {
            return (false, $"no answer within {FlagValue.Of(timeout)}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (false, (e.GetBaseException() is SocketException or AuthenticationException ? e.GetBaseException() : e).Message);
        }
    }

    private static SocketsHttpHandler Handler(HealthTarget target)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false };
        if (target.TakesAnyCertificate)
        {
#pragma warning disable CA5359 // HealthTarget.TakesAnyCertificate says when, and why.
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        if (target.Socket is { } path)
        {
            handler.ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }

        return handler;
    }

    private static async Task<string> FirstLineAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        byte[] bytes = new byte[MostAnswer];
        await using Stream body = await answer.Content.ReadAsStreamAsync(cancellation);
        int read = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
        return Encoding.UTF8.GetString(bytes, 0, read).Split('\n')[0].Trim();
    }
}
