namespace Exposition.Pusher;

/// <summary>What a push does to what its group has.</summary>
public enum PushMethod
{
    /// <summary>PUT: the group has what is pushed, and nothing else.</summary>
    Replace = 0,

    /// <summary>POST: families of the names that are pushed are replaced, others stay.</summary>
    Add = 1,
}

/// <summary>How bodies are sent.</summary>
public enum PushCompression
{
    /// <summary>As they are.</summary>
    None = 0,

    /// <summary>In gzip, if they are large enough. A gateway that does not take it is sent them as they are from then on.</summary>
    Gzip = 1,
}
