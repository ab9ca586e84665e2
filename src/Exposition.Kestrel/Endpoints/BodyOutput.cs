using System.IO.Pipelines;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Endpoints;

/// <summary>A long answer through Kestrel, which does the framing. Its reader has a deadline.</summary>
internal sealed class BodyOutput : IScrapeOutput, IDisposable
{
    // Timers take no more than seven weeks.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    private readonly HttpContext _context;
    private readonly PipeWriter _body;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenRegistration _abort;

    public BodyOutput(HttpContext context, TimeProvider time)
    {
        _context = context;
        _body = context.Response.BodyWriter;
        _deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _abort = _deadline.Token.Register(static c => ((HttpContext)c!).Abort(), context);
    }

    /// <summary>Whether the reader was cut off because he was too slow.</summary>
    public bool IsOverdue => _deadline.IsCancellationRequested;

    public void Advance(int count) => _body.Advance(count);

    public Memory<byte> GetMemory(int sizeHint = 0) => _body.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => _body.GetSpan(sizeHint);

    public void Allow(TimeSpan time) => _deadline.CancelAfter(time < s_longest ? time : s_longest);

    public void Abort(string reason) => _context.Abort();

    public async ValueTask<bool> FlushAsync(CancellationToken cancellation)
    {
        FlushResult result = await _body.FlushAsync(cancellation);
        return !result.IsCompleted && !result.IsCanceled;
    }

    public void Dispose()
    {
        _abort.Dispose();
        _deadline.Dispose();
    }
}
