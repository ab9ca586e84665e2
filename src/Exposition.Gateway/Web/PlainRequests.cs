using System.Buffers;
using System.IO.Pipelines;
using Exposition.Kestrel;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Gateway.Web;

/// <summary>Connection middleware below TLS: tells those who speak plain HTTP to it what is wrong, as the Pushgateway does.</summary>
internal static class PlainRequests
{
    private const int Enough = 5;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private static readonly Answer s_answer = new(400, "Client sent an HTTP request to an HTTPS server.", Rejected: Rejection.PlainHttp);

    /// <summary>Puts it before all that is added to the endpoint later.</summary>
    public static void Refuse(ListenOptions options)
    {
        ExpositionEngine engine = options.ApplicationServices.GetRequiredService<ExpositionEngine>();
        options.Use(next => async connection =>
        {
            switch (await StartsPlainAsync(connection))
            {
                case false:
                    await next(connection);
                    return;
                case null:
                    return;
            }

            engine.Reject(s_answer, Sender.Of(connection.RemoteEndPoint));
            connection.Transport.Output.Write("HTTP/1.0 400 Bad Request\r\n\r\n"u8);
            connection.Transport.Output.Write(s_answer.Body);
            await connection.Transport.Output.FlushAsync();
        });
    }

    // Null if nothing came.
    private static async Task<bool?> StartsPlainAsync(ConnectionContext connection)
    {
        CancellationToken stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested
            ?? CancellationToken.None;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(s_patience);
        PipeReader input = connection.Transport.Input;
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync(limit.Token);
                bool? plain = IsPlain(result.Buffer);
                bool nothing = result.Buffer.IsEmpty;
                input.AdvanceTo(result.Buffer.Start, plain is null ? result.Buffer.End : result.Buffer.Start);
                if (plain is not null || result.IsCompleted)
                {
                    return plain ?? (nothing ? null : false);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // Silent for too long, gone, or the program stops.
            return null;
        }
    }

    // A TLS record starts with a byte that is no letter.
    private static bool? IsPlain(in ReadOnlySequence<byte> start)
    {
        Span<byte> bytes = stackalloc byte[Enough];
        bytes = bytes[..(int)Math.Min(Enough, start.Length)];
        start.Slice(0, bytes.Length).CopyTo(bytes);
        return bytes.IsEmpty ? null
            : !char.IsAsciiLetterUpper((char)bytes[0]) ? false
            : bytes.Length < Enough ? null
            : bytes.SequenceEqual("GET /"u8) || bytes.SequenceEqual("HEAD "u8) || bytes.SequenceEqual("POST "u8)
                || bytes.SequenceEqual("PUT /"u8)
                || bytes.SequenceEqual("OPTIO"u8) || bytes.SequenceEqual("DELET"u8);
    }
}
