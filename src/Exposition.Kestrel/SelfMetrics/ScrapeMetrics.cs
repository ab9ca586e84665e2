using System.Text;
using System.Text.Json;
using Exposition.Engine.Counting;
using Exposition.Formats;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>Counts scrapes. Safe for concurrent use; counting does not allocate.</summary>
internal sealed class ScrapeMetrics(TimeProvider time)
{
    private static readonly byte[][] s_formats = [.. EngineMeter.Formats.Select(Encoding.UTF8.GetBytes)];
    private static readonly byte[][] s_encodings = ["gzip"u8.ToArray(), "identity"u8.ToArray()];
    private static readonly byte[][] s_outcomes =
        [.. NamedCounters.NamesOf<ScrapeOutcome>(JsonNamingPolicy.SnakeCaseLower).Select(Encoding.UTF8.GetBytes)];

    private readonly long[] _counts = new long[s_formats.Length * s_encodings.Length * s_outcomes.Length];
    private readonly DurationHistogram _durations = new(0.005, 0.025, 0.1, 0.5, 2.5, 10, 60);
    private long _bytes;
    private long _open;
    private long _lastTicks;

    /// <summary>How many are being sent.</summary>
    public long Open => Volatile.Read(ref _open);

    /// <summary>A scrape begins.</summary>
    public void Begin() => Interlocked.Increment(ref _open);

    /// <summary>One that has begun is over.</summary>
    public void End() => Interlocked.Decrement(ref _open);

    /// <inheritdoc cref="EngineMeter.Scraped"/>
    public void Count(ScrapeFormat format, bool gzip, ScrapeOutcome outcome, TimeSpan duration, long bytes)
    {
        int named = Array.IndexOf(EngineMeter.Formats, EngineMeter.NameOf(format));
        Interlocked.Increment(ref _counts[PlaceOf(named, gzip ? 0 : 1, (int)outcome)]);
        if (outcome == ScrapeOutcome.Refused)
        {
            return;
        }

        _durations.Observe(duration);
        Interlocked.Add(ref _bytes, bytes);
        if (outcome == ScrapeOutcome.Sent)
        {
            Volatile.Write(ref _lastTicks, time.GetUtcNow().UtcTicks);
        }
    }

    /// <summary>Adds the families.</summary>
    public void Collect(FamilySet into)
    {
        long last = Volatile.Read(ref _lastTicks);
        into.AddGauge("pushgateway_last_scrape_timestamp_seconds"u8,
            "Last Unix time when a scrape was sent to its end; 0 if none was."u8,
            last == 0 ? 0 : (last - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerSecond);
        into.AddCounter("pushgateway_scrape_bytes_total"u8, "Bytes of scrapes that were sent, compressed where they were."u8,
            Volatile.Read(ref _bytes));
        _durations.Collect(into, "pushgateway_scrape_duration_seconds"u8,
            "How long scrapes have taken, to their last byte; nothing of those that were refused."u8);
        into.AddGauge("pushgateway_scrapes_in_progress"u8, "Scrapes that are being answered, the one that shows it included."u8, Open);
        int family = into.AddFamily("pushgateway_scrapes_total"u8, MetricType.Counter, "Scrapes, by what became of them."u8);
        for (int format = 0; format < s_formats.Length; format++)
        {
            for (int encoding = 0; encoding < s_encodings.Length; encoding++)
            {
                for (int outcome = 0; outcome < s_outcomes.Length; outcome++)
                {
                    into.AddSample(family, Volatile.Read(ref _counts[PlaceOf(format, encoding, outcome)]));
                    into.AddLabel("encoding"u8, s_encodings[encoding]);
                    into.AddLabel("format"u8, s_formats[format]);
                    into.AddLabel("outcome"u8, s_outcomes[outcome]);
                }
            }
        }
    }

    private static int PlaceOf(int format, int encoding, int outcome) =>
        (((format * s_encodings.Length) + encoding) * s_outcomes.Length) + outcome;
}
