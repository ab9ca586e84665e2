namespace Exposition.Hosting.Conditions;

/// <summary>
/// A part of an engine or of its host that the status page tells of. A service of the host, keyed by the engine's name where it has one.
/// </summary>
internal interface IStatusSource
{
    /// <summary>What it is, in a word.</summary>
    public string Title { get; }

    /// <summary>What there is to say of it now.</summary>
    public IEnumerable<StatusFact> Read();
}

/// <summary>Something to be said of a part of a host: one of the values.</summary>
/// <param name="Name">What of it.</param>
/// <param name="Text">In words.</param>
/// <param name="Bytes">A size.</param>
/// <param name="At">A time.</param>
/// <param name="Lasts">A duration.</param>
internal readonly record struct StatusFact(
    string Name, string? Text = null, long? Bytes = null, DateTimeOffset? At = null, TimeSpan? Lasts = null);
