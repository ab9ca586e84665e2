using System.Runtime.InteropServices;

namespace Exposition.Formats.Meters;

/// <summary>
/// The buckets of an exponential histogram of one sign as a native histogram counts them: by their upper bounds, where OpenTelemetry does
/// by the lower ones, and no finer than schema 8.
/// </summary>
internal sealed class ScaledBuckets
{
    /// <summary>The coarsest that native histograms have.</summary>
    public const int MinSchema = -4;

    /// <summary>What the specification says where a point says nothing.</summary>
    public const double ZeroThreshold = 1e-128;

    /// <summary>The finest schema of native histograms.</summary>
    public const int MaxSchema = 8;

    private readonly List<ulong> _counts = [];
    private readonly int _shift;
    private readonly int _first;
    private long _next;

    /// <summary>Begins with no buckets.</summary>
    /// <param name="scale">The scale of what is added.</param>
    /// <param name="schema">The schema that it is brought to, no finer than <see cref="SchemaOf"/> says.</param>
    /// <param name="offset">The index of the first bucket; with as many as are added it stays below the largest number of 32 bits.</param>
    public ScaledBuckets(int scale, int schema, int offset)
    {
        // A bucket of a scale is made of two of the next finer one.
        _shift = Math.Min(scale - schema, 31);
        _first = offset >> _shift;
        _next = offset;
    }

    /// <summary>Index of the first of <see cref="Counts"/>.</summary>
    public int Offset => _first + 1;

    public ReadOnlySpan<ulong> Counts => CollectionsMarshal.AsSpan(_counts);

    /// <summary>All observations that are in a bucket.</summary>
    public UInt128 Total { get; private set; }

    /// <summary>The finest schema of a scale that is not too coarse.</summary>
    public static int SchemaOf(int scale) => Math.Min(scale, MaxSchema);

    /// <summary>Adds the next bucket.</summary>
    public void Add(ulong count)
    {
        int at = (int)((_next++ >> _shift) - _first);
        if (at == _counts.Count)
        {
            _counts.Add(0);
        }

        _counts[at] += count;
        Total += count;
    }
}
