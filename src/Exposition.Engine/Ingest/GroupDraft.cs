using System.Runtime.InteropServices;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Ingest;

// What takes time with the size of a group is made without the writer lock, from the newest snapshot of it, and published if that is the
// newest still. So under the lock the time is that of what is changed.

/// <summary>A group as it is to be published.</summary>
internal sealed class GroupDraft
{
    private const int FewFamilies = 16;

    private readonly long _size;

    private GroupDraft(GroupingKey key, GroupSnapshot? old, FamilyEntry[] families, int[]? changed)
    {
        (Old, Families, Changed) = (old, families, changed);
        (Memory, IdCount, IdBytes) = (old?.Memory, old?.IdCount ?? 0, old?.IdBytes ?? 0);
        _size = GroupSize.Of(key, families, old);
        foreach (ref readonly FamilyEntry entry in families.AsSpan())
        {
            SampleCount += entry.SampleCount;
        }

        bool hasFailure = GroupSnapshot.TryGetTime(families, BuiltInFamilies.PushFailure, out double failure);
        bool hasSuccess = GroupSnapshot.TryGetTime(families, BuiltInFamilies.PushTime, out double success);
        FailedAt = hasFailure ? failure : double.NegativeInfinity;
        PushTime = hasSuccess ? success : double.NegativeInfinity;
        PushedAt = BuiltInFamilies.PushedAt(families) ?? 0;
        IsFailed = hasFailure && hasSuccess && !(failure <= success);
        if (old is null)
        {
            return;
        }

        Arrays = families.Length > FewFamilies ? MemoryOf(families) : null;
        Hidden.KeepFrom(old.HiddenArray, families);
    }

    /// <summary>What it takes the place of; null if the group is new.</summary>
    public GroupSnapshot? Old { get; }

    /// <summary>The families, in order of their names.</summary>
    public FamilyEntry[] Families { get; }

    /// <summary>The places of those that are not from before; null if all may be so.</summary>
    public int[]? Changed { get; }

    /// <summary>The place of one that is changed.</summary>
    public int PlaceOf(int changed) => Changed is null ? changed : Changed[changed];

    /// <summary>Which of the families are hidden.</summary>
    public HiddenDraft Hidden { get; } = new();

    /// <summary>See <see cref="GroupSize"/>.</summary>
    public long Size => _size + IdBytes + (Memory?.Bytes ?? 0);

    /// <summary>How many sample lines they have.</summary>
    public long SampleCount { get; }

    /// <summary>See <see cref="GroupSnapshot.FailedAt"/>.</summary>
    public double FailedAt { get; }

    /// <summary>See <see cref="GroupSnapshot.PushedAt"/>.</summary>
    public double PushTime { get; }

    /// <summary>The opposite of <see cref="GroupSnapshot.LastPushSuccessful"/>.</summary>
    public bool IsFailed { get; }

    /// <summary>The last push that was stored, or the first that was refused if none was, in nanoseconds since the Unix epoch.</summary>
    public long PushedAt { get; }

    /// <summary>The memory that they lie in; null where nothing was before, or where they are so few that it is found by looking.</summary>
    public HashSet<byte[]>? Arrays { get; }

    /// <summary>What it remembers; by default what it did.</summary>
    public GroupMemory? Memory { get; set; }

    /// <summary>See <see cref="GroupSnapshot.IdCount"/>; by default as before.</summary>
    public long IdCount { get; set; }

    /// <summary>See <see cref="GroupSnapshot.IdBytes"/>; by default as before.</summary>
    public long IdBytes { get; set; }

    /// <summary>The block that is new in the group, if any.</summary>
    public byte[]? Block { get; private init; }

    /// <summary>The places of those that count, and did not before; null for all.</summary>
    public List<int>? Added { get; set; }

    /// <summary>The places of what counted before and is not there any more, among the old; null for all.</summary>
    public List<int>? Removed { get; private init; }

    /// <summary>
    /// The place among the old families of one that counts and is not among <see cref="Removed"/>; -1 if it is none of these.
    /// </summary>
    public int PlaceOfCounted(ReadOnlySpan<byte> name)
    {
        int place = Old is null || Removed is null ? -1 : GroupSnapshot.IndexOf(Old.Families, name);
        return place >= 0 && Old!.Families[place].IsExposed && Removed!.BinarySearch(place) < 0 ? place : -1;
    }

    /// <summary>A group of other families than it had.</summary>
    public static GroupDraft Of(GroupingKey key, GroupSnapshot? old, FamilyEntry[] families) => new(key, old, families, changed: null);

    /// <summary>A group as it is: some of it may be hidden or shown then.</summary>
    public static GroupDraft Like(GroupSnapshot old) =>
        new(old.Key, old, old.Families.ToArray(), changed: []) { Added = [], Removed = [] };

    /// <summary>A group after a push.</summary>
    /// <param name="key">The group's.</param>
    /// <param name="old">Before it. Pinned, if the caller does not hold the writer lock.</param>
    /// <param name="pushed">What is pushed, sorted by name.</param>
    /// <param name="replaces">Whether all that is not pushed goes.</param>
    /// <param name="pool">Where blocks come from.</param>
    /// <param name="block">That of what is pushed. <see cref="Block"/> is another if it was packed with others.</param>
    public static GroupDraft After(GroupingKey key, GroupSnapshot? old, FamilyEntry[] pushed, bool replaces, BlockPool pool, byte[] block)
    {
        if (old is null)
        {
            return new GroupDraft(key, null, pushed, changed: null) { Block = block };
        }

        int[] changed = new int[pushed.Length];
        FamilyEntry[] families = Combine(old.Families, pushed, replaces, changed);
        GroupPacking.Repack(families, pool, ref block);
        return new GroupDraft(key, old, families, changed)
        {
            Block = block,
            Added = NotAmong(families, old.Families),
            Removed = NotAmong(old.Families, families),
        };
    }

    /// <summary>Bytes in an array of their own.</summary>
    public static ReadOnlyMemory<byte> Alone(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> array) && array.Array!.Length == bytes.Length ? bytes : bytes.ToArray();

    // Both are in order of their names. Of what a PUT replaces only push_failure_time_seconds stays.
    internal static FamilyEntry[] Combine(ReadOnlySpan<FamilyEntry> old, FamilyEntry[] pushed, bool replace, Span<int> places)
    {
        bool keepsFailure = replace
            && GroupSnapshot.IndexOf(old, BuiltInFamilies.PushFailure) >= 0
                && GroupSnapshot.IndexOf(pushed, BuiltInFamilies.PushFailure) < 0;
        var all = new FamilyEntry[pushed.Length + (replace ? (keepsFailure ? 1 : 0) : old.Length)];
        int count = 0;
        int next = 0;
        foreach (ref readonly FamilyEntry entry in old)
        {
            ReadOnlySpan<byte> name = entry.Name.Span;
            int order = 1;
            while (next < pushed.Length && (order = pushed[next].Name.Span.SequenceCompareTo(name)) < 0)
            {
                places[next] = count;
                all[count++] = pushed[next++];
            }

            bool replaced = next < pushed.Length && order == 0;
            bool isAlone = name.SequenceEqual(BuiltInFamilies.PushFailure);
            if (!replaced && (!replace || isAlone))
            {
                // One line shall not keep the block of a whole push, nor make all be packed anew by each push.
                all[count++] = isAlone ? entry with { Text = Alone(entry.Text), Sidecar = Alone(entry.Sidecar) } : entry;
            }
        }

        for (; next < pushed.Length; next++)
        {
            places[next] = count;
            all[count++] = pushed[next];
        }

        return count == all.Length ? all : all[..count];
    }

    // The places of those that count and have none that counts alike among others.
    private static List<int> NotAmong(ReadOnlySpan<FamilyEntry> families, ReadOnlySpan<FamilyEntry> others)
    {
        List<int> places = [];
        int at = 0;
        for (int i = 0; i < families.Length; i++)
        {
            if (families[i].IsExposed && !IsAmong(families[i], families, others, ref at))
            {
                places.Add(i);
            }
        }

        return places;
    }

    private static HashSet<byte[]> MemoryOf(FamilyEntry[] families)
    {
        var memory = new HashSet<byte[]>(ReferenceEqualityComparer.Instance);
        byte[]? last = null;
        foreach (ref readonly FamilyEntry entry in families.AsSpan())
        {
            if (entry.TextBlock is { } block && !ReferenceEquals(block, last))
            {
                memory.Add(last = block);
            }

            if (MemoryMarshal.TryGetArray(entry.Sidecar, out ArraySegment<byte> sidecar) && !ReferenceEquals(sidecar.Array, last))
            {
                memory.Add(sidecar.Array!);
            }
        }

        return memory;
    }

    /// <summary>
    /// Whether others in order of their names, from a place on, have one that counts alike. Nearly always it is the one at that place, with
    /// the same head.
    /// </summary>
    private static bool IsAmong(in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families, ReadOnlySpan<FamilyEntry> others, ref int at)
    {
        while (at < others.Length && !ReferenceEquals(others[at].Head, entry.Head)
            && others[at].Name.Span.SequenceCompareTo(entry.Name.Span) < 0)
        {
            at++;
        }

        return at < others.Length && others[at].Head.IsNamed(entry.Head) && others[at].Type == entry.Type && others[at].IsExposed
            && BuiltInFamilies.IsPlain(others[at], others) == BuiltInFamilies.IsPlain(entry, families);
    }
}
