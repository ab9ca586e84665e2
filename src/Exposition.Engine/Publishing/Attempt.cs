namespace Exposition.Engine.Publishing;

/// <summary>
/// What came of an attempt to publish a push: stored, refused, or to be made again; by default because the group has changed meanwhile.
/// </summary>
/// <param name="Refused">Why not.</param>
/// <param name="Stored">What was published.</param>
/// <param name="Old">What it took the place of.</param>
/// <param name="Hidden">The families of it that are hidden.</param>
/// <param name="Block">The block of the draft.</param>
/// <param name="MustRender">The entries are to be rendered anew.</param>
/// <param name="MustWait">Families are closed: it waits for that first.</param>
/// <param name="MustLookEarly">There is too much to look for under the writer lock.</param>
/// <param name="IsTooLate">What was looked for early does not hold any more.</param>
internal readonly record struct Attempt(
    PushOutcome? Refused = null,
    GroupSnapshot? Stored = null,
    GroupSnapshot? Old = null,
    List<HiddenFamily>? Hidden = null,
    byte[]? Block = null,
    bool MustRender = false,
    bool MustWait = false,
    bool MustLookEarly = false,
    bool IsTooLate = false);
