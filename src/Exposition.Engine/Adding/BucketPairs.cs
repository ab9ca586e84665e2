using Exposition.Formats;

namespace Exposition.Engine.Adding;

/// <summary>The buckets of two classic histograms of one label set, to be put together.</summary>
internal sealed class BucketPairs
{
    /// <summary>Those of the older one.</summary>
    public List<(double Bound, Amount Amount)> Old { get; } = [];

    /// <summary>Those of the newer one.</summary>
    public List<(double Bound, Amount Amount)> Now { get; } = [];

    /// <summary>Whether some bucket of the newer one counts less than that of the older one.</summary>
    public bool HasFallen
    {
        get
        {
            for (int i = 0; i < Old.Count; i++)
            {
                if (Now[i].Amount.IsBelow(Old[i].Amount))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// Takes the buckets of both in order of their bounds, that of +Inf among them, which is the count where it was not said.
    /// </summary>
    /// <returns>False if they are of other bounds.</returns>
    public bool TryAlign(in MetricRef old, in MetricRef now)
    {
        BucketList.Fill(old, Old);
        BucketList.Fill(now, Now);
        if (Old.Count != Now.Count)
        {
            return false;
        }

        for (int i = 0; i < Old.Count; i++)
        {
            if (Old[i].Bound != Now[i].Bound)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Gives a histogram a count, and of each two buckets one.</summary>
    /// <param name="into">Has no buckets yet.</param>
    /// <param name="count">The count.</param>
    /// <param name="isFloat">Whether it counts in real numbers.</param>
    /// <param name="combine">Makes one of the older and the newer bucket.</param>
    public void Combine(in MetricRef into, Amount count, bool isFloat, Func<Amount, Amount, Amount> combine)
    {
        ref MetricRow row = ref into.Row;
        row.Count = isFloat ? 0 : count.Whole;
        row.CountFloat = isFloat ? count.Value : 0;
        row.Content |= isFloat ? MetricContent.FloatCounts : 0;
        bool hasInfinity = (row.Content & MetricContent.InfBucket) != 0;
        for (int i = 0; i < Old.Count; i++)
        {
            Amount amount = combine(Old[i].Amount, Now[i].Amount);
            if (hasInfinity || !double.IsPositiveInfinity(Old[i].Bound))
            {
                into.Set.AddPoint(into.Index, Old[i].Bound, isFloat ? amount.Value : 0, isFloat ? 0 : amount.Whole);
            }
        }
    }
}
