using System.Diagnostics;

namespace Exposition.Engine.Explore;

// The lock-free parts are proven by running their steps in every order with at most so many preemptions, and the proof by planting faults
// that it must find. For that these sources are compiled a second time, with EXPLORED defined, into tests/Exposition.Engine.Explorer.Tests,
// which holds what these methods do there. Without EXPLORED no call of them is compiled, nor what would be passed to it.

/// <summary>Marks of the steps between which other threads can come, and of faults to plant; for the explorer's build alone.</summary>
internal static partial class Explored
{
    /// <summary>The named step comes next.</summary>
    [Conditional("EXPLORED")]
    public static void Step(string name) => OnStep(name);

    /// <summary>A lock is taken next; lets other threads go on until it is free.</summary>
    [Conditional("EXPLORED")]
    public static void WaitFor(Lock @lock) => OnWaitFor(@lock);

    /// <summary>Does what is wrong, where that fault is planted.</summary>
    [Conditional("EXPLORED")]
    public static void Fault(string name, Action wrong) => OnFault(name, wrong);

    /// <summary>Overwrites memory that nobody may read any more, so that a stale read shows as wrong data.</summary>
    [Conditional("EXPLORED")]
    [Conditional("DEBUG")]
    public static void Spoil(byte[] block) => block.AsSpan().Fill(Garbage);

    /// <summary>What <see cref="Spoil"/> fills memory with.</summary>
    public const byte Garbage = 0xDD;

    static partial void OnStep(string name);

    static partial void OnWaitFor(Lock @lock);

    static partial void OnFault(string name, Action wrong);
}
