using System.Text;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Tests;

/// <summary>
/// Strings of which thousands have one hash in System.HashCode, whatever its seed is, must not have one in any table of the store.
/// </summary>
public class HashTests
{
    private const int Bits = 12;

    private static readonly byte[][] s_values = Values();

    [Fact]
    public void The_strings_do_collide_where_the_hash_is_only_seeded()
    {
        int hashes = s_values.Select(static value =>
        {
            HashCode hash = default;
            hash.AddBytes(value);
            return hash.ToHashCode();
        }).Distinct().Count();

        // Each place does with a probability of about 0.97, and halves them if it does not.
        Assert.InRange(hashes, 1, s_values.Length / 8);
    }

    [Fact]
    public void Tables_by_name_and_by_key_tell_them_apart()
    {
        Assert.InRange(s_values.Select(Utf8Key.Comparer.GetHashCode).Distinct().Count(), s_values.Length * 99 / 100, s_values.Length);
        Assert.InRange(s_values.Select(static value => Utf8Key.Comparer.GetHashCode([.. value, (byte)'x'])).Distinct().Count(),
            s_values.Length * 99 / 100, s_values.Length);
    }

    [Fact]
    public void Grouping_keys_tell_them_apart()
    {
        // Of any length, so that they lie at any place of what is hashed.
        for (int before = 0; before < 4; before++)
        {
            string filler = new('0', before);
            int hashes = s_values.Select(
                value => Harness.Key("instance", filler + Encoding.ASCII.GetString(value), "job", "j").GetHashCode()).Distinct().Count();
            Assert.InRange(hashes, s_values.Length * 99 / 100, s_values.Length);
        }
    }

    // Pairs (x, y) and (x2, y2) of words that two steps of a lane of xxHash32 take to the same state, for nearly every state before. Each
    // of 12 places may have either pair: 4096 strings.
    private static byte[][] Values()
    {
        var random = new Random(7);
        (uint X, uint Y, uint X2, uint Y2)[] places = [.. Enumerable.Range(0, Bits).Select(_ => Place(random))];
        var all = new byte[1 << Bits][];
        for (int n = 0; n < all.Length; n++)
        {
            byte[] value = new byte[(Bits + 3) / 4 * 32];
            value.AsSpan().Fill((byte)'0');
            for (int place = 0; place < Bits; place++)
            {
                (uint x, uint y, uint x2, uint y2) = places[place];
                bool second = (n >> place & 1) != 0;
                int at = (place / 4 * 32) + (place % 4 * 4);
                BitConverter.TryWriteBytes(value.AsSpan(at), second ? x2 : x);
                BitConverter.TryWriteBytes(value.AsSpan(at + 16), second ? y2 : y);
            }

            all[n] = value;
        }

        return all;
    }

    private static (uint X, uint Y, uint X2, uint Y2) Place(Random random)
    {
        const uint Prime1 = 2654435761;
        const uint Prime2 = 2246822519;
        uint inverse = Prime2;
        for (int i = 0; i < 5; i++)
        {
            inverse *= 2 - (Prime2 * inverse);
        }

        while (true)
        {
            (uint x, uint x2) = (Word(random), Word(random));
            uint difference = (x2 - x) * Prime2;
            (uint low, uint high) = (difference & 0x7FFFF, difference >> 19);
            bool lowWraps = low > (1 << 19) - (1 << 14);
            bool highWraps = high > (1 << 13) - (1 << 8);
            if (difference == 0 || (low >= 1 << 14 && !lowWraps) || (high >= 1 << 8 && !highWraps))
            {
                continue;
            }

            uint rotated = (low << 13) + high + (lowWraps ? 1u : 0) - ((highWraps ? 1u : 0) << 13);
            uint back = 0 - (rotated * Prime1 * inverse);
            for (int i = 0; i < 4000; i++)
            {
                uint y = Word(random);
                if (IsText(y + back))
                {
                    return (x, y, x2, y + back);
                }
            }
        }
    }

    private static uint Word(Random random)
    {
        uint word;
        do
        {
            word = (uint)random.NextInt64(1L << 32);
        }
        while (!IsText(word));
        return word;
    }

    private static bool IsText(uint word) => BitConverter.GetBytes(word).All(static b => b is >= 0x30 and <= 0x7a and not (byte)'\\');
}
