using Exposition.Engine.Remembering;
using Exposition.Formats;

namespace Exposition.Engine.Repeats;

/// <summary>What becomes of the value of a line when a value is pushed to it.</summary>
internal enum LineRule : byte
{
    /// <summary>The pushed value stays.</summary>
    Last,

    /// <summary>The greater.</summary>
    Max,

    /// <summary>The smaller.</summary>
    Min,

    /// <summary>The sum, of any two.</summary>
    Sum,

    /// <summary>The sum, to which nothing negative is added.</summary>
    Add,

    /// <summary>The same of whole numbers.</summary>
    Count,
}

/// <summary>The values of a shape whose pushes are added to what its group has: those of the last body, and those of the block.</summary>
internal sealed class ShapeSums : ILineDigits
{
    private const double LargestWhole = 1L << 53;

    private readonly double[] _pushed;
    private readonly double[] _shown;
    private readonly LineRule[] _rules;
    private readonly byte[] _digits;
    private readonly byte[] _counts;

    private ShapeSums(double[] pushed, double[] shown, LineRule[] rules)
    {
        (_pushed, _shown, _rules) = (pushed, shown, rules);
        _digits = new byte[shown.Length * ExpositionNumber.MaxLength];
        _counts = new byte[shown.Length];
    }

    /// <summary>Memory, in bytes.</summary>
    public long Size => (sizeof(double) * (long)_pushed.Length)
        + ((sizeof(double) + 2L + ExpositionNumber.MaxLength) * _shown.Length);

    /// <summary>Whether the last <see cref="TryCombine"/> has changed any line.</summary>
    public bool HasChanged { get; private set; }

    /// <summary>Reads the values of a body and its block.</summary>
    /// <returns>Null if some is no number.</returns>
    public static ShapeSums? Of(ShapeTables tables, ReadOnlySpan<byte> body, ReadOnlySpan<byte> block)
    {
        double[] pushed = new double[tables.ValueStart.Count];
        for (int i = 0; i < pushed.Length; i++)
        {
            if (!ExpositionNumber.TryParse(body[tables.ValueStart[i]..tables.ValueEnd[i]], out pushed[i]))
            {
                return null;
            }
        }

        double[] shown = new double[tables.LineStart.Count];
        for (int i = 0; i < shown.Length; i++)
        {
            if (!ExpositionNumber.TryParse(block[tables.LineStart[i]..tables.LineEnd[i]], out shown[i]))
            {
                return null;
            }
        }

        return new ShapeSums(pushed, shown, [.. tables.Rules]);
    }

    /// <summary>The rule of a line.</summary>
    /// <param name="type">The type of its family.</param>
    /// <param name="line">What follows the family's name.</param>
    /// <param name="aggregate">What becomes of what does not count in the family.</param>
    public static LineRule RuleOf(MetricType type, ReadOnlySpan<byte> line, Aggregate aggregate)
    {
        LineRule other = aggregate switch
        {
            Aggregate.Max => LineRule.Max,
            Aggregate.Min => LineRule.Min,
            Aggregate.Sum => LineRule.Sum,
            _ => LineRule.Last,
        };
        return type switch
        {
            MetricType.Counter => LineRule.Add,
            MetricType.Histogram => line.StartsWith("_sum"u8) ? LineRule.Sum : LineRule.Count,
            MetricType.Summary => line.StartsWith("_sum"u8) ? LineRule.Sum : line.StartsWith("_count"u8) ? LineRule.Count : other,
            MetricType.Gauge or MetricType.Untyped => other,
            _ => LineRule.Last,
        };
    }

    /// <summary>Takes a value of a body that differs from the one before.</summary>
    public void Take(int index, double value) => _pushed[index] = value;

    /// <summary>Adds the values of the body to those of the block.</summary>
    /// <param name="source">Which value each line shows; a negative number for none.</param>
    /// <returns>False if one asks for the full path. These are of no use then.</returns>
    public bool TryCombine(int[] source)
    {
        HasChanged = false;
        for (int line = 0; line < source.Length; line++)
        {
            _counts[line] = 0;
            if (source[line] < 0)
            {
                continue;
            }

            double old = _shown[line];
            double now = _pushed[source[line]];
            double next = old + now;
            switch (_rules[line])
            {
                case LineRule.Add when now >= 0:
                case LineRule.Count when now >= 0 && next <= LargestWhole && Math.Floor(now) == now:
                    break;
                case LineRule.Add or LineRule.Count:
                    return false;
                case LineRule.Last:
                    next = now;
                    break;
                case LineRule.Max:
                    next = AggregateRules.Apply(Aggregate.Max, old, now);
                    break;
                case LineRule.Min:
                    next = AggregateRules.Apply(Aggregate.Min, old, now);
                    break;
                case LineRule.Sum when double.IsNaN(old) || double.IsNaN(now):
                    return false;
            }

            if (next == 0 && double.IsNegative(next))
            {
                // Text cannot show it.
                return false;
            }

            if (BitConverter.DoubleToInt64Bits(next) != BitConverter.DoubleToInt64Bits(old))
            {
                _shown[line] = next;
                _counts[line] = (byte)ExpositionNumber.Format(
                    next, _digits.AsSpan(line * ExpositionNumber.MaxLength, ExpositionNumber.MaxLength));
                HasChanged = true;
            }
        }

        return true;
    }

    public int CountOf(int line) => _counts[line];

    public ReadOnlySpan<byte> Of(int line, int length) => _digits.AsSpan(line * ExpositionNumber.MaxLength, length);
}
