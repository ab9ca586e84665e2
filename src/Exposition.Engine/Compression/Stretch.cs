using System.Runtime.CompilerServices;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Compression;

/// <summary>The lines that some neighbouring groups of a stretch hold of one family.</summary>
internal struct FamilyRun
{
    /// <summary>What the first of the groups says of the family.</summary>
    public FamilyHead Head;

    /// <summary>What the first of them says that has a help text; where none has, the same.</summary>
    public FamilyHead Helpful;

    /// <summary>Follows from the serials of the lines.</summary>
    public BundleIdentity Identity;

    public long Bytes;

    /// <summary>The first group, counted from that of the stretch.</summary>
    public int First;

    /// <summary>The group behind the last one.</summary>
    public int End;

    /// <summary>Index of the entry in the first group: in the others it is mostly the same.</summary>
    public int Entry;

    /// <summary>Whether some of the lines have names outside the legacy charset.</summary>
    public bool HasEscapedNames;
}

/// <summary>
/// What some neighbouring groups hold, family by family: everything that a compressed scrape must know of them if its bundles are at hand.
/// It refers to nothing of the groups, so that it may be kept. Immutable but for what its cache keeps of it.
/// </summary>
/// <param name="room">How many runs there is room for.</param>
internal sealed class Stretch(int room)
{
    // Of the object and its place in a table.
    private const int Overhead = 160;

    private readonly FamilyRun[] _runs = new FamilyRun[room];
    private int _count;
    private int _users;

    public ReadOnlySpan<FamilyRun> Runs => _runs.AsSpan(0, _count);

    public int Room => _runs.Length;

    public long Bytes => Overhead + (Room * (long)Unsafe.SizeOf<FamilyRun>());

    /// <summary>Number of the last scrape that has used it. The cache's own.</summary>
    public long LastUsed { get; set; }

    public void Fill(ReadOnlySpan<FamilyRun> runs)
    {
        runs.CopyTo(_runs);
        _count = runs.Length;
    }

    /// <summary>One more uses it: a scrape, or the cache that keeps it.</summary>
    public void Use() => Interlocked.Increment(ref _users);

    /// <summary>One less.</summary>
    /// <returns>Whether that was the last.</returns>
    public bool Release() => Interlocked.Decrement(ref _users) == 0;

    /// <summary>Keeps nothing alive.</summary>
    public void Clear()
    {
        Array.Clear(_runs, 0, _count);
        _count = 0;
    }
}
