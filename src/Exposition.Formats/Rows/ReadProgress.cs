namespace Exposition.Formats.Rows;

/// <summary>How much of an exposition has been read, and so how many rows of each kind it will probably become.</summary>
internal sealed class ReadProgress
{
    // What has come so far may be nothing like the rest.
    private const int Ahead = 256;

    /// <summary>How many bytes there are.</summary>
    public int Total { get; set; }

    /// <summary>How many of them have been read.</summary>
    public int At { get; set; }

    /// <summary>
    /// The most families, the most metrics and the most points that are read; one more throws <see cref="TooManyRowsException"/>. So memory
    /// is bounded for a body of very short lines. 0 for no limit.
    /// </summary>
    public int MostSeries { get; set; }

    /// <summary>How many rows to make room for, if so many are needed now.</summary>
    public long Foresee(int needed)
    {
        // A set that is built by hand has nothing to go by.
        if (At == 0)
        {
            return 2L * needed;
        }

        // An estimate that is a little too low would cost one more array.
        long expected = (long)((double)needed * Total / At);
        return Math.Clamp(expected + (expected / 32), needed + (needed / 8L), (long)Ahead * needed);
    }
}

/// <summary>An exposition has more rows of a kind than <see cref="ReadProgress.MostSeries"/>.</summary>
internal sealed class TooManyRowsException : Exception;
