using Exposition.Replication.Nats.Appending;
using NATS.Client.JetStream.Models;

namespace Exposition.Replication.Tests.Nats;

/// <summary>What the engine's answers mean: which refusals pass, which do not, and after which nobody knows.</summary>
public sealed class AppendAnswerTests
{
    [Theory]
    [InlineData(10008, AppendOutcome.Unavailable)]  // JetStream system temporarily unavailable: no quorum
    [InlineData(10023, AppendOutcome.Unavailable)]  // insufficient resources
    [InlineData(10047, AppendOutcome.Unavailable)]  // insufficient storage resources available
    [InlineData(10028, AppendOutcome.Unavailable)]  // insufficient memory resources available
    [InlineData(10118, AppendOutcome.Unavailable)]  // stream is offline
    [InlineData(10163, AppendOutcome.Unavailable)]  // expected last sequence per subject temporarily unavailable
    [InlineData(10167, AppendOutcome.Unavailable)]  // too many requests
    [InlineData(10060, AppendOutcome.Refused)]      // expected stream does not match
    [InlineData(10109, AppendOutcome.Refused)]      // invalid operation on sealed stream
    [InlineData(10111, AppendOutcome.Refused)]      // rollup not permitted
    [InlineData(10165, AppendOutcome.Refused)]      // invalid per-message TTL
    [InlineData(10166, AppendOutcome.Refused)]      // per-message TTL is disabled
    [InlineData(10077, AppendOutcome.Unknown)]      // storing it failed at the leader
    [InlineData(10054, AppendOutcome.TooLarge)]
    [InlineData(10097, AppendOutcome.TooLarge)]
    public void A_refusal_of_the_engine_is_one_that_passes_or_not(int code, AppendOutcome outcome)
    {
        var error = new ApiError { Code = 500, ErrCode = code, Description = "why" };

        Assert.Equal(new Appended(outcome, 0, $"why ({code})"), AppendAnswer.Read(new PubAckResponse { Error = error }));
    }

    [Fact]
    public void A_wrong_revision_is_a_conflict_with_the_one_that_is_there_or_with_one_under_way()
    {
        Assert.Equal(
            (AppendOutcome.Conflict, 17),
            AppendAnswer.Read(Wrong(10071, "wrong last sequence: 17")) is { } conflict ? (conflict.Outcome, conflict.Revision) : default);
        Assert.Null(AppendAnswer.Read(Wrong(10164, "wrong last sequence")));
        Assert.Null(AppendAnswer.Read(Wrong(10071, "wrong last sequence")));
    }

    private static PubAckResponse Wrong(int code, string text) => new() { Error = new ApiError { ErrCode = code, Description = text } };
}
