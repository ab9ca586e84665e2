namespace Exposition.Engine.Publishing;

/// <summary>What came of an attempt to publish a push: it was stored, or refused, or it was made too late.</summary>
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
