using Exposition.Formats.Meters;

namespace Exposition.Formats.Tests.Otlp;

/// <summary>
/// Exponential buckets as native ones: the rows are the facts of Prometheus' public table of layouts, as index and count of each bucket.
/// </summary>
public sealed class ScaledBucketsTests
{
    [Theory]
    [InlineData(0, new ulong[] { 4, 3, 2, 1 }, 0, "1:4 2:3 3:2 4:1")]
    [InlineData(0, new ulong[] { 4, 3, 2, 1 }, 1, "1:7 2:3")]
    [InlineData(0, new ulong[] { 4, 3, 2, 1 }, 2, "1:10")]
    [InlineData(1, new ulong[] { 4, 3, 2, 1 }, 0, "2:4 3:3 4:2 5:1")]
    [InlineData(1, new ulong[] { 4, 3, 2, 1 }, 1, "1:4 2:5 3:1")]
    [InlineData(1, new ulong[] { 4, 3, 2, 1 }, 2, "1:9 2:1")]
    [InlineData(4, new ulong[] { 4, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 0, "5:4 6:2 8:2 21:1")]
    [InlineData(4, new ulong[] { 4, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 1, "3:6 4:2 11:1")]
    [InlineData(4, new ulong[] { 4, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 2, "2:8 6:1")]
    [InlineData(4, new ulong[] { 4, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 0, "5:4 6:2 8:2 17:1")]
    [InlineData(4, new ulong[] { 4, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 1, "3:6 4:2 9:1")]
    [InlineData(4, new ulong[] { 4, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 2, "2:8 5:1")]
    [InlineData(-2, new ulong[] { 3, 1, 0, 0, 0, 1 }, 0, "-1:3 0:1 4:1")]
    [InlineData(-2, new ulong[] { 3, 1, 0, 0, 0, 1 }, 1, "0:4 2:1")]
    [InlineData(-2, new ulong[] { 3, 1, 0, 0, 0, 1 }, 2, "0:4 1:1")]
    [InlineData(-2, new ulong[] { 3, 1, 0, 1, 0, 1 }, 0, "-1:3 0:1 2:1 4:1")]
    [InlineData(-2, new ulong[] { 3, 1, 0, 1, 0, 1 }, 1, "0:4 1:1 2:1")]
    [InlineData(-2, new ulong[] { 3, 1, 0, 1, 0, 1 }, 2, "0:4 1:2")]
    [InlineData(-2, new ulong[] { 3, 0, 0, 1, 0, 0, 1 }, 0, "-1:3 2:1 5:1")]
    [InlineData(-2, new ulong[] { 3, 0, 0, 1, 0, 0, 1 }, 1, "0:3 1:1 3:1")]
    [InlineData(-2, new ulong[] { 3, 0, 0, 1, 0, 0, 1 }, 2, "0:3 1:1 2:1")]
    [InlineData(0, new ulong[] { }, 0, "")]
    [InlineData(0, new ulong[] { }, 1, "")]
    [InlineData(0, new ulong[] { }, 2, "")]
    public void Buckets_lie_where_Prometheus_puts_them(int offset, ulong[] counts, int down, string expected)
    {
        var scaled = new ScaledBuckets(8 + down, 8, offset);
        Array.ForEach(counts, scaled.Add);
        var found = new List<string>();
        for (int i = 0; i < scaled.Counts.Length; i++)
        {
            if (scaled.Counts[i] > 0)
            {
                found.Add($"{scaled.Offset + i}:{scaled.Counts[i]}");
            }
        }

        Assert.Equal(expected, string.Join(' ', found));
        Assert.Equal((UInt128)counts.Sum(static count => (long)count), scaled.Total);
    }
}
