using System.Globalization;
using System.Text;

namespace Exposition.Benchmarks;

/// <summary>
/// A body of 20 MB from a fixed seed in which nothing can be learned: families of 1 to 16 lines, names of 3 to 40 letters, 0 to 5 labels,
/// values of 0 to 40 characters, numbers of all shapes. Each choice is a coin that no history tells.
/// </summary>
internal static class SyntheticBody
{
    private const int Seed = 20260103;
    private const int Size = 20_000_000;

    public static byte[] Make()
    {
        var random = new Random(Seed);
        var labelNames = Enumerable.Range(0, 64).Select(i => Letters(random, random.Next(1, 12)) + i.ToString(CultureInfo.InvariantCulture))
            .ToArray();
        var text = new StringBuilder(Size + 1000);
        for (var family = 0; text.Length < Size; family++)
        {
            var name = Letters(random, random.Next(3, 34)) + "_" + family.ToString(CultureInfo.InvariantCulture);
            text.Append("# TYPE ").Append(name).Append(random.Next(2) == 0 ? " gauge\n" : " counter\n");
            for (var lines = random.Next(1, 17); lines > 0; lines--)
            {
                text.Append(name);
                AppendLabels(text, random, labelNames);
                text.Append(' ').Append(Number(random)).Append('\n');
            }
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>Whole numbers, money, fractions, exponents, all 17 digits, zero: in equal shares.</summary>
    public static string Number(Random random) => random.Next(7) switch
    {
        0 => random.Next(10).ToString(CultureInfo.InvariantCulture),
        1 => random.NextInt64((long)Math.Pow(10, random.Next(1, 16))).ToString(CultureInfo.InvariantCulture),
        2 => string.Create(CultureInfo.InvariantCulture, $"{random.Next(10_000)}.{random.Next(100):00}"),
        3 => string.Create(CultureInfo.InvariantCulture, $"{random.NextDouble():R}"),
        4 => string.Create(CultureInfo.InvariantCulture,
            $"{random.NextDouble() * 9 + 1:0.0########}e{(random.Next(2) == 0 ? '+' : '-')}{random.Next(1, 13):00}"),
        5 => string.Create(CultureInfo.InvariantCulture, $"-{random.NextDouble() * 1000:0.0###}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{1.7e9 + (random.NextDouble() * 1e8):R}"),
    };

    private static void AppendLabels(StringBuilder text, Random random, string[] names)
    {
        var count = random.Next(6);
        if (count == 0)
        {
            return;
        }

        var first = random.Next(names.Length);
        for (var i = 0; i < count; i++)
        {
            // Steps of 7 through 64 names never meet within one line.
            text.Append(i == 0 ? '{' : ',').Append(names[(first + (i * 7)) % names.Length]).Append("=\"")
                .Append(Letters(random, random.Next(41))).Append('"');
        }

        text.Append('}');
    }

    private static string Letters(Random random, int length) => string.Create(length, random, static (span, random) =>
    {
        foreach (ref var letter in span)
        {
            letter = (char)('a' + random.Next(26));
        }
    });
}
