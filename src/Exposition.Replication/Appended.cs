namespace Exposition.Replication;

/// <summary>What became of an append.</summary>
/// <param name="Outcome">Which of the outcomes.</param>
/// <param name="Revision">
/// Of the entry if it is committed; of the newest entry of the subject after a conflict, 0 for none; otherwise 0.
/// </param>
/// <param name="Reason">What the engine says, for logs; null where it says nothing.</param>
public readonly record struct Appended(AppendOutcome Outcome, long Revision = 0, string? Reason = null);
