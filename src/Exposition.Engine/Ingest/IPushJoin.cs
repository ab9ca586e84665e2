using Exposition.Engine.Remembering;
using Exposition.Formats;

namespace Exposition.Engine.Ingest;

/// <summary>Puts a push together with what its group has, each time it is rendered.</summary>
internal interface IPushJoin
{
    /// <summary>What was made.</summary>
    public FamilySet Families { get; }

    /// <summary>The sources after the push; null for none.</summary>
    public SourceTable? Sources { get; }

    /// <summary>Running totals that came late, each of a metric.</summary>
    public int Late { get; }

    /// <summary>Why not, after <see cref="Make"/>; null if it could be done.</summary>
    public PushOutcome? Refused { get; }

    /// <summary>Puts them together; to be done again when the group has changed.</summary>
    /// <param name="pushed">The push, its labels merged and its metrics in order.</param>
    /// <param name="families">Its families.</param>
    /// <param name="before">The group so far; pinned.</param>
    /// <param name="now">The time of the push in nanoseconds since the Unix epoch.</param>
    /// <returns>The families that were made.</returns>
    public List<int> Make(FamilySet pushed, List<int> families, GroupSnapshot? before, long now);
}
