namespace Exposition.Kestrel.Routing;

/// <summary>The methods that change groups.</summary>
internal enum PushMethod : byte
{
    /// <summary>Replaces a group.</summary>
    Put,

    /// <summary>Replaces families of a group.</summary>
    Post,

    /// <summary>Removes a group.</summary>
    Delete,
}
