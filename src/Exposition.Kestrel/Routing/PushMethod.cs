using Microsoft.AspNetCore.Http;

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

/// <summary>Finds <see cref="PushMethod"/>.</summary>
internal static class PushMethods
{
    /// <summary>The method, if it would change something. Case counts, unlike in the tests of the framework.</summary>
    public static PushMethod? Of(string method) =>
        method == HttpMethods.Put ? PushMethod.Put
        : method == HttpMethods.Post ? PushMethod.Post
        : method == HttpMethods.Delete ? PushMethod.Delete
        : null;
}
