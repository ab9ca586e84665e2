using Exposition.Kestrel;
using Exposition.Kestrel.Tests;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// Requests of OpenTelemetry exporters, in protobuf and JSON, from their bytes to what is exposed. The promises are those of
/// <see cref="OtlpJudge"/>, with names as Prometheus has had them and with those of OpenTelemetry.
/// </summary>
internal sealed class OtlpTarget : IFuzzTarget
{
    private static readonly Lazy<OtlpJudge[]> s_judges = new(static () =>
        [new OtlpJudge(OtlpTranslationStrategy.UnderscoreEscapingWithSuffixes), new OtlpJudge(OtlpTranslationStrategy.NoTranslation)]);

    public string Name => "otlp";

    public IEnumerable<byte[]> Seeds => OtlpSeeds.All;

    public IReadOnlyList<byte[]> Dictionary { get; } = [.. OtlpSeeds.Words];

    public void Run(byte[] input)
    {
        foreach (var judge in s_judges.Value)
        {
            if (judge.Complaint(input) is { } complaint)
            {
                throw new BrokenPromiseException(complaint);
            }
        }
    }
}
