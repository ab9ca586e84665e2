using Exposition.Fuzz.Canary;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// A target that must fail: a lock of eight bytes, each of which is looked at only if those before it are right. Blind
/// mutation would need 256^8 inputs; found in a moment, it proves that instrumentation, coverage map, corpus and mutator
/// work together. When the canary survives, the silence of all other targets means nothing.
/// </summary>
internal sealed class CanaryTarget : IFuzzTarget
{
    public string Name => TargetTable.Canary;

    public IEnumerable<byte[]> Seeds => [[]];

    public IReadOnlyList<byte[]> Dictionary { get; } = [[0]];

    public void Run(byte[] input)
    {
        if (CanaryLock.Opens(input))
        {
            throw new BrokenPromiseException("the canary is dead, as it should be");
        }
    }
}
