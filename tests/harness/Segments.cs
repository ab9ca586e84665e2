using System.Buffers;

namespace Exposition.Harness;

/// <summary>A text cut into segments, each an array of its own.</summary>
internal static class Segments
{
    /// <param name="text">The text.</param>
    /// <param name="cuts">Where it is cut, in increasing order; equal ones leave an empty segment.</param>
    public static ReadOnlySequence<byte> Of(ReadOnlySpan<byte> text, params IEnumerable<int> cuts)
    {
        Segment? first = null;
        Segment? last = null;
        int start = 0;
        foreach (int end in cuts.Append(text.Length))
        {
            last = new Segment(text[start..end].ToArray(), last);
            first ??= last;
            start = end;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    /// <summary>In segments of one size, but for the last one.</summary>
    public static ReadOnlySequence<byte> Each(int bytes, ReadOnlySpan<byte> text) =>
        Of(text, Enumerable.Range(1, (text.Length - 1) / bytes).Select(block => block * bytes));

    /// <summary>Places to cut at, at random.</summary>
    public static int[] Cuts(int length, Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => random.Next(length + 1)).Order()];

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? last)
        {
            Memory = bytes;
            if (last is not null)
            {
                last.Next = this;
                RunningIndex = last.RunningIndex + last.Memory.Length;
            }
        }
    }
}
