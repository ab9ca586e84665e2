namespace Exposition.Kestrel.Bodies;

/// <summary>What became of decoding a body.</summary>
/// <param name="Error">Why it failed, in the Pushgateway's words.</param>
/// <param name="TooLarge">Whether it was stopped at the limit.</param>
/// <param name="NoRoom">Whether it was stopped because all bodies together hold too much.</param>
internal readonly record struct DecodeOutcome(string? Error = null, bool TooLarge = false, bool NoRoom = false)
{
    private const int Step = 4096;

    /// <summary>Copies a decoding stream into a body, up to a limit.</summary>
    /// <exception cref="InvalidDataException">The stream is corrupt.</exception>
    public static DecodeOutcome Copy(Stream from, PooledBody into, long limit)
    {
        while (true)
        {
            // At the limit one byte more is asked for, and thrown away: whether there is one is the question.
            if (!into.TryReserve(Step))
            {
                return new DecodeOutcome(NoRoom: true);
            }

            Span<byte> memory = into.GetMemory().Span;
            long left = limit - into.Length;
            int read = from.Read(memory[..(int)Math.Min(memory.Length, Math.Max(1, left))]);
            if (read == 0)
            {
                return default;
            }

            if (read > left)
            {
                return new DecodeOutcome(TooLarge: true);
            }

            into.Advance(read);
        }
    }
}
