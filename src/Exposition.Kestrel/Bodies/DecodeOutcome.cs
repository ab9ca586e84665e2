namespace Exposition.Kestrel.Bodies;

/// <summary>What became of decoding a body.</summary>
/// <param name="Error">Why it failed, in the reference's words.</param>
/// <param name="TooLarge">Whether it was stopped at the limit.</param>
internal readonly record struct DecodeOutcome(string? Error = null, bool TooLarge = false)
{
    /// <summary>Copies a decoding stream into a body, up to a limit.</summary>
    /// <exception cref="InvalidDataException">The stream is corrupt.</exception>
    public static DecodeOutcome Copy(Stream from, PooledBody into, long limit)
    {
        while (true)
        {
            Memory<byte> memory = into.GetMemory(4096);
            int read = from.Read(memory.Span);
            if (read == 0)
            {
                return default;
            }

            into.Advance(read);
            if (into.Length > limit)
            {
                return new DecodeOutcome(TooLarge: true);
            }
        }
    }
}
