namespace Exposition.Kestrel.Tests;

/// <summary>Known requests, and faults that are planted in the intake: a judge that never complains would prove nothing.</summary>
public sealed class OtlpJudgeTests
{
    private static readonly byte[] s_delta = OtlpSeeds.All.First();

    [Theory]
    [InlineData(OtlpTranslationStrategy.UnderscoreEscapingWithSuffixes)]
    [InlineData(OtlpTranslationStrategy.NoTranslation)]
    public void Nothing_is_wrong_with_known_requests(OtlpTranslationStrategy strategy)
    {
        var judge = new OtlpJudge(strategy);
        Assert.All(OtlpSeeds.All, request => Assert.Null(judge.Complaint(request)));
        Assert.Null(judge.Complaint("{\"resourceMetrics\":"u8.ToArray()));
        Assert.Null(judge.Complaint([0x0A]));
    }

    [Fact]
    public void A_repetition_that_counts_twice_is_found()
    {
        byte number = 0;

        // A field that is not known: all is as before but the hash.
        var judge = new OtlpJudge(fault: (take, message) => take(Grown(message, ++number)));
        Assert.Contains("the same request has changed", judge.Complaint(s_delta), StringComparison.Ordinal);
    }

    [Fact]
    public void A_point_that_is_lost_is_found()
    {
        var judge = new OtlpJudge(
            fault: static (take, message) => take(message) is var taken ? taken with { Stored = taken.Stored - 1 } : default);
        Assert.Equal("of 2 points with values 1 were stored and 0 rejected", judge.Complaint(s_delta));
    }

    [Fact]
    public void An_exception_that_is_no_refusal_is_found() => Assert.Throws<KeyNotFoundException>(
        () => new OtlpJudge(fault: static (_, _) => throw new KeyNotFoundException()).Complaint(s_delta));

    [Fact]
    public void An_answer_that_says_the_fault_is_the_engines_is_found() => Assert.StartsWith(
        "the answer is 500",
        new OtlpJudge(fault: static (take, message) => take(message) is var taken ? taken with { Answer = new(500, "a fault") } : default)
            .Complaint(s_delta), StringComparison.Ordinal);

    // The request is one resource whose length takes two bytes.
    private static ReadOnlyMemory<byte> Grown(ReadOnlyMemory<byte> message, byte number)
    {
        byte[] grown = [.. message.Span, 0x78, number];
        int length = (grown[1] & 0x7F) + (grown[2] << 7) + 2;
        (grown[1], grown[2]) = ((byte)(length | 0x80), (byte)(length >> 7));
        return grown;
    }
}
