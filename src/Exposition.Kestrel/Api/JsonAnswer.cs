using System.Text.Json;
using Exposition.Kestrel.Endpoints;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>A long answer in JSON, compressed if the reader takes that.</summary>
internal sealed class JsonAnswer : IAsyncDisposable
{
    private const int FlushBytes = 64 << 10;

    private readonly LongAnswer _answer;
    private readonly GzipWriter? _gzip;
    private bool _isFinished;

    private JsonAnswer(LongAnswer answer, bool gzip)
    {
        _answer = answer;
        _gzip = gzip ? new GzipWriter(answer) : null;
        Json = _gzip is null ? new Utf8JsonWriter(answer, Options) : new Utf8JsonWriter(_gzip, Options);
    }

    /// <summary>How the API writes.</summary>
    public static JsonWriterOptions Options { get; } = new() { Encoder = GoJsonEncoder.Instance, SkipValidation = true };

    /// <summary>Where it is written.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>Begins one, with the headers that it has besides those about origins.</summary>
    public static JsonAnswer Begin(HttpContext context, LongAnswer answer, bool mayCompress = true)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-cache, no-store, must-revalidate";
        return new JsonAnswer(answer, mayCompress && GzipWriter.Announce(context));
    }

    /// <summary>Sends what was written, if it is much.</summary>
    /// <exception cref="OperationCanceledException">The reader has gone, or was too slow.</exception>
    public async ValueTask FlushAsync()
    {
        if (Json.BytesPending + _answer.Pending > FlushBytes)
        {
            Json.Flush();
            await _answer.FlushAsync();
        }
    }

    /// <summary>Sends the rest.</summary>
    /// <exception cref="OperationCanceledException">The reader has gone, or was too slow.</exception>
    public async ValueTask FinishAsync()
    {
        Json.Flush();
        _gzip?.Dispose();
        _isFinished = true;
        await _answer.FinishAsync();
    }

    /// <summary>Lets go of it. What was not finished is not sent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isFinished)
        {
            Json.Reset(Stream.Null);
            _gzip?.Dispose();
        }

        await Json.DisposeAsync();
    }
}
