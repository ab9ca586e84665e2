using System.Diagnostics;

namespace Exposition.Engine.Groups;

/// <summary>The store's writer lock, as those see it who are called by its holder.</summary>
internal static class LockExtensions
{
    /// <summary>What is said to be done under the writer lock is.</summary>
    [Conditional("DEBUG")]
    public static void AssertHeld(this Lock writer) => Debug.Assert(writer.IsHeldByCurrentThread, "the writer lock is not held");
}
