namespace Exposition.Kestrel.Raw;

/// <summary>What is to be done about the request at hand.</summary>
internal enum RequestStep : byte
{
    /// <summary>More input is needed.</summary>
    Read,

    /// <summary>It is answered; more may have come.</summary>
    Next,

    /// <summary>The gate is to look at unknown credentials. Nothing of the request was consumed.</summary>
    Learn,

    /// <summary>Memory for more of a body is needed.</summary>
    Room,
    Push,

    /// <summary>A large push, which was kept, is to have a turn of the workers.</summary>
    Turn,

    /// <summary>A push was carried out and must be confirmed before it is answered.</summary>
    Confirm,
    Scrape,
    HandOn,

    /// <summary>It is to be refused, and the connection closed although the client may still be sending.</summary>
    Refuse,

    /// <summary>It is to be refused, and the connection closed at once.</summary>
    RefuseAndClose,
    Close,
}
