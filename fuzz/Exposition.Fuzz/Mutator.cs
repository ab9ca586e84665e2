namespace Exposition.Fuzz;

/// <summary>Makes new inputs of old ones: a few random edits, or the head of one with the tail of another.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> dictionary)
{
    private const int MaxLength = 4096;

    /// <summary>Bytes that sit on the borders of what parsers distinguish.</summary>
    private static readonly byte[] s_borders = [0, 1, 9, 10, 13, 32, 34, 35, 44, 47, 48, 57, 61, 64, 92, 123, 125, 127, 128, 255];

    public byte[] Mutate(IReadOnlyList<byte[]> corpus)
    {
        var input = new List<byte>(corpus[random.Next(corpus.Count)]);
        if (random.Next(8) == 0)
        {
            var other = corpus[random.Next(corpus.Count)];
            input.RemoveRange(0, random.Next(input.Count + 1));
            input.InsertRange(0, other.AsSpan(0, random.Next(other.Length + 1)).ToArray());
        }

        for (var edits = 1 + random.Next(1 << random.Next(5)); edits > 0; edits--)
        {
            Edit(input);
        }

        if (input.Count > MaxLength)
        {
            input.RemoveRange(MaxLength, input.Count - MaxLength);
        }

        return [.. input];
    }

    private void Edit(List<byte> input)
    {
        var at = random.Next(input.Count + 1);
        var rest = input.Count - at;
        switch (random.Next(8))
        {
            case 0 when rest > 0:
                input[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when rest > 0:
                input[at] = s_borders[random.Next(s_borders.Length)];
                break;
            case 2 when rest > 0:
                input[at] += (byte)random.Next(-4, 5);
                break;
            case 3 when rest > 0:
                input.RemoveRange(at, 1 + random.Next(Math.Min(rest, 16)));
                break;
            case 4 when rest > 0:
                input.InsertRange(at, input.GetRange(at, 1 + random.Next(Math.Min(rest, 64))));
                break;
            case 5:
                input.Insert(at, (byte)random.Next(256));
                break;
            default:
                input.InsertRange(at, dictionary[random.Next(dictionary.Count)]);
                break;
        }
    }
}
