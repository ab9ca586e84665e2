using System.Runtime.CompilerServices;
using Exposition.Formats;
using Exposition.Kestrel.Internal;
using Exposition.Kestrel.OwnMetrics;
using Exposition.Store.Internal;

namespace Exposition.Kestrel.Serving;

// A scrape ends early when its time is over, when its reader has taken less than the least rate allows for the time gone by, or when the memory that
// scrapes hold is needed (it is the oldest then). The doors watch the time that they are told by Allow.

/// <summary>An answer to a scrape that is ready to be sent. Owns a view of the store until it is disposed of.</summary>
internal sealed class OpenScrape(ScrapeHandler handler, IScrapeSource source, FamilySet own, ScrapeNegotiation language, bool gzip, TimeSpan timeout) : IDisposable
{
    private const int StepBytes = 64 << 10;
    private static readonly TimeSpan s_rateGrace = TimeSpan.FromSeconds(10);

    private readonly long _started = handler.Time.GetTimestamp();
    private volatile bool _ended;
    private volatile IScrapeOutput? _output;
    private Limit _binding = Limit.ScrapeDuration;
    private bool _counted;

    /// <summary>Whether the body is compressed.</summary>
    public bool Gzip => gzip;

    /// <summary>Length of the body, where it is known. Not before <see cref="PrepareAsync"/>.</summary>
    public long? Length => source.Length;

    /// <summary>The Content-Type.</summary>
    public ReadOnlySpan<byte> ContentType => Negotiation.ContentType(language.Format, language.Escaping);

    /// <summary>How long it may take; zero for any time.</summary>
    public TimeSpan Timeout => timeout;

    /// <summary>How long it has taken.</summary>
    public TimeSpan Age => handler.Time.GetElapsedTime(_started);

    /// <summary>Whether it was ended because of the memory that it held.</summary>
    public bool IsEnded => _ended;

    /// <summary>Does what must be done before the first byte.</summary>
    public ValueTask PrepareAsync(CancellationToken cancellation) => source.PrepareAsync(cancellation);

    /// <summary>Sends the body.</summary>
    /// <returns>False if it was not sent to its end.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> SendAsync(IScrapeOutput output, CancellationToken cancellation)
    {
        _output = output;
        var counted = new CountedOutput(output);
        Turn turn = Turn.Start();
        bool more;
        do
        {
            if (_ended || !TryAllow(output, counted.Count))
            {
                output.Abort("the scrape was ended");
                return false;
            }

            more = await source.WriteNextAsync(counted, StepBytes, cancellation);
            if (!await output.FlushAsync(cancellation))
            {
                return false;
            }

            if (turn.IsOver())
            {
                await Turn.Pass();
            }
        }
        while (more);

        return true;
    }

    /// <summary>Ends it for the sake of the memory that it holds: it gets no further than its next step. Safe to be called from other threads.</summary>
    public void MarkEnded() => _ended = true;

    /// <summary>Breaks its connection, if it is sending. Safe to be called from other threads.</summary>
    public void Abort() => _output?.Abort("the memory that scrapes hold is needed");

    /// <summary>Counts it as one that its reader was too slow for.</summary>
    public void CountTooSlow()
    {
        if (!_ended && !_counted)
        {
            _counted = true;
            handler.CountRefusal(_binding);
        }
    }

    /// <summary>Closes the view.</summary>
    public void Dispose()
    {
        source.Dispose();
        handler.Closed(this, own);
    }

    // Before each step: what is the time that is left.
    private bool TryAllow(IScrapeOutput output, long sent)
    {
        TimeSpan left = timeout > TimeSpan.Zero ? timeout : TimeSpan.MaxValue;
        _binding = Limit.ScrapeDuration;
        if (handler.LeastRate > 0 && s_rateGrace + TimeSpan.FromSeconds((double)sent / handler.LeastRate) is var byRate && byRate < left)
        {
            (left, _binding) = (byRate, Limit.ScrapeRate);
        }

        if (left == TimeSpan.MaxValue)
        {
            return true;
        }

        left -= Age;
        if (left <= TimeSpan.Zero)
        {
            CountTooSlow();
            return false;
        }

        output.Allow(left);
        return true;
    }
}
