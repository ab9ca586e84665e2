using System.Buffers;

namespace Exposition.Kestrel.Serving;

/// <summary>Where a scrape goes: a door's output, with the framing that the door has chosen.</summary>
internal interface IScrapeOutput : IBufferWriter<byte>
{
    /// <summary>Sends what was written.</summary>
    /// <returns>False if the reader has gone.</returns>
    public ValueTask<bool> FlushAsync(CancellationToken cancellation);

    /// <summary>Gives the reader so much time from now on; the connection is broken after that.</summary>
    public void Allow(TimeSpan time);

    /// <summary>Breaks the connection. Safe to be called from other threads.</summary>
    public void Abort(string reason);
}
