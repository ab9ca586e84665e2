using System.Text;
using Exposition.Kestrel;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.Tests;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// The parser of request heads. Promises: a head cut anywhere gives the same verdict; what is served raw is strict, and Kestrel's parser
/// reads the same method, target and headers in it. With the limits as they are and with narrow ones.
/// </summary>
internal sealed class HeadTarget : IFuzzTarget
{
    private static readonly PushPath s_paths = new(new ExpositionOptions());
    private static readonly HeadParser[] s_parsers = [new(s_paths, 64 << 10, 32 << 10, 100), new(s_paths, 120, 40, 4)];

    public string Name => "head";

    public IEnumerable<byte[]> Seeds => WireSeeds.All.Select(Encoding.Latin1.GetBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } = [.. WireSeeds.Words.Select(Encoding.Latin1.GetBytes)];

    public void Run(byte[] input)
    {
        foreach (var parser in s_parsers)
        {
            if (HeadJudge.Complaint(parser, input) is { } complaint)
            {
                throw new BrokenPromiseException(complaint);
            }
        }
    }
}
