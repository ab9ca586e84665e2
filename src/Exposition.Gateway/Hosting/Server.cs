using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Listening;
using Exposition.Gateway.SelfMetrics;
using Exposition.Gateway.Web;
using Exposition.Kestrel;
using Exposition.Kestrel.Heads;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Gateway.Hosting;

/// <summary>The server: its endpoints, with TLS where the web configuration has it, and its limits.</summary>
internal static class Server
{
    private const int Http2Stream = 128 << 10;
    private const int Http2Connection = 16 * Http2Stream;

    /// <summary>Sets the server up.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="flags">The command line.</param>
    /// <param name="web">The web configuration, if there is one.</param>
    /// <param name="asked">What to listen on.</param>
    /// <param name="opened">Takes what was opened.</param>
    public static void Configure(
        KestrelServerOptions kestrel, Flags flags, WebConfigFile? web, List<Listener> asked,
        List<(string Asked, ListenOptions Options)> opened)
    {
        kestrel.AddServerHeader = false;

        // As in the Pushgateway a header may hold any byte. Kestrel would refuse what is no UTF-8.
        kestrel.RequestHeaderEncodingSelector = HeaderEncoding.For;
        kestrel.UseExpositionHeadLimits();
        SetLimits(kestrel.Limits, flags.Options);
        foreach (Listener listener in asked)
        {
            listener.Open(kestrel, options =>
            {
                options.UseExpositionConnectionLimit(secure: web?.State.Tls is not null);
                UseTls(options, web);
                options.UseExposition(
                    web is null ? null : new WebGate(web, kestrel.ApplicationServices.GetRequiredService<ExpositionEngine>()));
                opened.Add((listener.Asked, options));
            });
        }
    }

    // Kestrel's own limits, for what the raw door leaves to it.
    private static void SetLimits(KestrelServerLimits kestrel, ExpositionOptions limits)
    {
        kestrel.MaxRequestBodySize = null;

        // What a client of HTTP/2 may send before anybody has looked at it: little, as over HTTP/1.1, and in all so much that some bodies
        // which wait for room do not hold up the others of their connection.
        kestrel.Http2.InitialStreamWindowSize = Http2Stream;
        kestrel.Http2.InitialConnectionWindowSize = Http2Connection;
        kestrel.KeepAliveTimeout = OrNone(limits.IdleTimeout);
        kestrel.RequestHeadersTimeout = OrNone(limits.HeadTimeout);

        // Its least rates are averages since the start, and their clock runs while no thread is free to write an answer. Whoever reads a
        // body or writes a long answer here keeps a deadline of his own.
        kestrel.MinRequestBodyDataRate = null;
        kestrel.MinResponseDataRate = null;

        static TimeSpan OrNone(TimeSpan limit) => limit > TimeSpan.Zero ? limit : Timeout.InfiniteTimeSpan;
    }

    // Whether there is TLS stays as it was at the start; all else of it may change with every handshake.
    private static void UseTls(ListenOptions options, WebConfigFile? web)
    {
        if (web?.State.Tls is null)
        {
            options.Protocols = HttpProtocols.Http1;
            return;
        }

        options.Protocols = HttpProtocols.Http1AndHttp2;
        PlainRequests.Refuse(options);
        Handshakes.Before(options, options.ApplicationServices.GetRequiredService<TlsMetrics>().CountFailure);
        options.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(web.State.Tls!.Options()) });
        Handshakes.After(options);
    }
}
