namespace Exposition.Fuzz.Canary;

/// <summary>What the canary hides; instrumented like the libraries. One branch for each byte: a loop would be one branch for all.</summary>
public static class CanaryLock
{
    /// <summary>Whether the eight bytes are there.</summary>
    public static bool Opens(ReadOnlySpan<byte> input)
    {
        if (input.Length < 8 || input[0] != 0xC3)
        {
            return false;
        }

        if (input[1] != 0x1F)
        {
            return false;
        }

        if ((input[2] ^ input[1]) != 0x55)
        {
            return false;
        }

        if (input[3] != 0xA7)
        {
            return false;
        }

        if ((byte)(input[4] + input[3]) != 0x10)
        {
            return false;
        }

        if (input[5] != 0x5B)
        {
            return false;
        }

        if (input[6] != 0xE4)
        {
            return false;
        }

        return input[7] == 0x39;
    }
}
