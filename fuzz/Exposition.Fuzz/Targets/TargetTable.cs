namespace Exposition.Fuzz.Targets;

/// <summary>What can be fuzzed. Its members use framework types only, because it is called across load contexts.</summary>
public static class TargetTable
{
    /// <summary>The target that must fail.</summary>
    public const string Canary = "canary";

    private static readonly Dictionary<string, IFuzzTarget> s_targets = new IFuzzTarget[]
    {
        new TextTarget(), new LinesTarget(), new ProtobufTarget(), new OpenMetricsTarget(), new NumbersTarget(), new HeadTarget(),
            new WireTarget(), new OtlpTarget(), new WebConfigTarget(), new CanaryTarget(),
    }.ToDictionary(target => target.Name);

    /// <summary>The targets' names.</summary>
    public static IReadOnlyCollection<string> Names => s_targets.Keys;

    /// <summary>A function that runs one input and throws when a promise is broken.</summary>
    public static Action<byte[]> Open(string target) => s_targets[target].Run;

    /// <summary>Inputs to begin with.</summary>
    public static IEnumerable<byte[]> Seeds(string target) => s_targets[target].Seeds;

    /// <summary>Pieces that mutations insert.</summary>
    public static IReadOnlyList<byte[]> Dictionary(string target) => s_targets[target].Dictionary;
}
