using System.IO.Pipelines;

namespace Exposition.Kestrel.Heads;

// Closing a socket with input unread makes it send a reset, which can overtake the answer.

/// <summary>
/// Reads the rest of what a client sends away after the last answer: within bounds, and until the client has been silent for a moment.
/// </summary>
internal static class LastBytes
{
    private const int MostBytes = 16 << 20;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(500);

    /// <summary>Reads it. A read that somebody cancels, as at a shutdown, ends nothing: the answer is to arrive then, too.</summary>
    public static async Task DrainAsync(PipeReader input, TimeProvider time)
    {
        long started = time.GetTimestamp();
        for (long left = MostBytes; left > 0 && time.GetElapsedTime(started) < s_longest;)
        {
            using var quiet = new CancellationTokenSource(s_quiet, time);
            try
            {
                ReadResult result = await input.ReadAsync(quiet.Token);
                left -= result.Buffer.Length;
                input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return;
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                return;
            }
        }
    }
}
