using System.Text;

namespace Exposition.Kestrel.Tests;

/// <summary>Known streams, cut at random, through both doors in memory.</summary>
public class WireJudgeTests
{
    private static readonly WireJudge s_judge = new();

    public static TheoryData<string> Streams => [.. WireSeeds.All];

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task TheDoorsAgree(string stream)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(stream);
        var random = new Random(1);
        await AgreeAsync(bytes, []);
        await AgreeAsync(bytes, Enumerable.Range(1, bytes.Length));
        for (int i = 0; i < 5; i++)
        {
            await AgreeAsync(bytes, [.. Enumerable.Range(0, random.Next(6)).Select(_ => random.Next(bytes.Length)).Order()]);
        }
    }

    /// <summary>A judge that never complains would prove nothing.</summary>
    [Fact]
    public async Task ADoorThatLosesBytesOfAShortPieceIsFound()
    {
        byte[] stream = Encoding.Latin1.GetBytes(WireSeeds.All[0] + WireSeeds.All[1]);
        var loses = new WireJudge(static listen => listen.Use(static next => async connection =>
        {
            System.IO.Pipelines.ReadResult first = await connection.Transport.Input.ReadAsync();
            connection.Transport.Input.AdvanceTo(first.Buffer.Length < 10 ? first.Buffer.End : first.Buffer.Start, first.Buffer.Start);
            await next(connection);
        }));
        Assert.Null(await loses.ComplaintAsync(stream, []));
        Assert.NotNull(await loses.ComplaintAsync(stream, [5]));
    }

    private static async Task AgreeAsync(byte[] bytes, IEnumerable<int> cuts)
    {
        string? complaint = await s_judge.ComplaintAsync(bytes, cuts);
        Assert.True(complaint is null, $"cut at {string.Join(' ', cuts)}: {complaint}");
    }
}
