namespace Exposition.Kestrel.Page;

/// <summary>What the page can show.</summary>
internal enum Place
{
    /// <summary>Groups, one row each.</summary>
    Groups,

    /// <summary>Jobs, one row each.</summary>
    Jobs,

    /// <summary>One group with its metrics.</summary>
    Group,

    /// <summary>Requests that were refused.</summary>
    Refusals,

    /// <summary>Conditions, limits, scrapers, build and flags.</summary>
    Status,
}
