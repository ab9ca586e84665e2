namespace Exposition.Hosting;

/// <summary>A snapshot that an <see cref="ISnapshotWriter"/> has written.</summary>
/// <param name="file">Where it is.</param>
/// <param name="groups">How many groups it has.</param>
public sealed class WrittenSnapshot(string file, int groups)
{
    /// <summary>Where it is.</summary>
    public string File { get; } = file;

    /// <summary>How many groups it has.</summary>
    public int Groups { get; } = groups;
}
