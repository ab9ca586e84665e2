using System.Text;
using Exposition.Kestrel.Tests;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// A connection, from its first byte to its last: chunk decoder, request machine and hand-over of the raw door. Promise: Kestrel with the
/// raw door before it gives the same answers, and tells the store the same, as Kestrel alone, wherever the bytes are cut. Both run here,
/// over pipes in memory.
/// </summary>
internal sealed class WireTarget : IFuzzTarget
{
    private const int MostCuts = 5;

    private static readonly Lazy<WireJudge> s_judge = new(static () => new WireJudge());

    public string Name => "wire";

    public IEnumerable<byte[]> Seeds => WireSeeds.All.Select(Encoding.Latin1.GetBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } = [.. WireSeeds.Words.Select(Encoding.Latin1.GetBytes)];

    public void Run(byte[] input)
    {
        // Equal inputs have equal cuts, so that a finding is found again.
        var random = new Random(Seed(input));
        var cuts = Enumerable.Range(0, random.Next(MostCuts + 1)).Select(_ => random.Next(input.Length + 1)).Order().ToList();
        if (s_judge.Value.ComplaintAsync(input, cuts).GetAwaiter().GetResult() is { } complaint)
        {
            throw new BrokenPromiseException($"cut at {string.Join(' ', cuts)} {complaint}");
        }
    }

    private static int Seed(byte[] input) => input.Aggregate(input.Length, static (sum, next) => unchecked((sum * 31) + next));
}
