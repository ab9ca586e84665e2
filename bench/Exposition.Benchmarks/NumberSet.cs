using System.Text;

namespace Exposition.Benchmarks;

/// <summary>
/// A million numbers as text, one after the other: <c>unlearned</c> are all different, <c>learned</c> are the same hundred again and
/// again, which a branch predictor knows by heart after a moment.
/// </summary>
internal sealed class NumberSet
{
    public const int Count = 1_000_000;
    private const int Different = 100;
    private static readonly Dictionary<string, NumberSet> s_made = [];

    private NumberSet(bool learned)
    {
        var random = new Random(20260102);
        var texts = Enumerable.Range(0, learned ? Different : Count).Select(_ => Encoding.ASCII.GetBytes(SyntheticBody.Number(random)))
            .ToArray();
        var text = new MemoryStream();
        Ends = new int[Count];
        Values = new double[Count];
        for (var i = 0; i < Count; i++)
        {
            var number = texts[i % texts.Length];
            text.Write(number);
            Ends[i] = (int)text.Length;
            Values[i] = LineParser.Number(number);
            Expected = Expected.With(Values[i]);
        }

        Text = text.ToArray();
    }

    public static IEnumerable<string> Names => ["learned", "unlearned"];

    public byte[] Text { get; }

    /// <summary>Where each number ends; it begins where the one before ends.</summary>
    public int[] Ends { get; }

    public double[] Values { get; }

    public Tally Expected { get; }

    public static NumberSet Get(string name)
    {
        if (!s_made.TryGetValue(name, out var set))
        {
            s_made[name] = set = new NumberSet(name == "learned");
        }

        return set;
    }

    /// <summary>Reads all numbers in turn, with a parser that can be inlined.</summary>
    public Tally Read<TParser>()
        where TParser : struct, INumberParser
    {
        var tally = default(Tally);
        var start = 0;
        foreach (var end in Ends)
        {
            tally = tally.With(TParser.Parse(Text.AsSpan(start, end - start)));
            start = end;
        }

        return tally.Require(Expected);
    }
}
