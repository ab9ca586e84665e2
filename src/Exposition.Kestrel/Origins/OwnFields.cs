using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Origins;

// The Pushgateway lets pages of any origin read its API, and so do we. What we have beside it tells more (addresses, names of users, what
// is wrong), and a page that somebody is lured to must not carry that out of a network. A browser sends Origin with every request whose
// answer its page may read.

/// <summary>Tells who gets to see what the Pushgateway's API does not have.</summary>
internal static class OwnFields
{
    /// <summary>
    /// Whether fields may be in the answer that the Pushgateway lacks: no page of another origin asks. No answer is kept by a cache, so it
    /// need not say that it depends on the origin.
    /// </summary>
    public static bool MayBeSeen(ExpositionEngine engine, HttpContext context) => !engine.Origins.IsForeign(context.Request);
}
