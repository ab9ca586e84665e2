using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine.Consistency;

// What is exposed never contradicts itself. A family that would contradict something (it came with an unchecked push, was restored, or is
// at odds with a family of the host) is stored but hidden: scrapes and checks ignore it. It is registered with what it conflicts with, one
// thing at a time: a group, if it repeats a series of that group, or a family name, if other groups have that name with another type. It is
// checked again when that group changes, or when the last group with that name and type has gone; then it is exposed, or registered with
// the next conflict. So groups without conflicts pay nothing. Of several that can be checked again the one that was hidden first comes
// first.

/// <summary>The families that are stored but not exposed, and what each waits for.</summary>
/// <param name="options">Who is told.</param>
/// <param name="directory">Where they wait.</param>
/// <param name="writer">The store's writer lock: all is changed under it.</param>
internal sealed class HiddenFamilies(StoreOptions options, FamilyDirectory directory, Lock writer)
{
    private long _count;
    private long _last;

    /// <summary>How many families are stored but not exposed.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>All groups have gone.</summary>
    public void Clear() => Volatile.Write(ref _count, 0);

    /// <summary>Marks a family of a draft as hidden; under the writer lock.</summary>
    public void Hide(FamilyEntry[] families, ReadOnlySpan<byte> name, Clash clash, ref List<HiddenFamily>? hidden)
    {
        int at = GroupSnapshot.IndexOf(families, name);
        families[at] = families[at] with { Traits = families[at].Traits | FamilyTraits.Hidden };
        (hidden ??= []).Add(new HiddenFamily(families[at].Name, clash) { Order = ++_last });
    }

    /// <summary>
    /// The hidden families of a group take the place of others. Under the writer lock, after the directory knows the new ones.
    /// </summary>
    /// <param name="old">The group before; null if it is new.</param>
    /// <param name="draft">Its hidden families now.</param>
    /// <param name="found">Those that were added to them.</param>
    public void Replace(GroupSnapshot? old, HiddenDraft draft, List<HiddenFamily>? found)
    {
        writer.AssertHeld();
        Interlocked.Add(ref _count, draft.Families.Length - (old?.Hidden.Length ?? 0));
        Change(draft.Gone, found ?? []);
    }

    /// <summary>A group goes, and its hidden families with it.</summary>
    public void Remove(GroupSnapshot last)
    {
        writer.AssertHeld();
        Interlocked.Add(ref _count, -last.Hidden.Length);
        Change(last.HiddenArray, []);
    }

    private void Change(IReadOnlyList<HiddenFamily> gone, List<HiddenFamily> found)
    {
        if (gone.Count + found.Count > 2 * directory.AtOnce)
        {
            directory.ChangeLater(gone, areGone: true);
            directory.ChangeLater(found, areGone: false);
            return;
        }

        for (int i = 0; i < gone.Count; i++)
        {
            gone[i].Leave();
        }

        found.ForEach(Wait);
    }

    /// <summary>Puts a hidden family where it waits for what stands in its way.</summary>
    public void Wait(HiddenFamily hidden)
    {
        Clash clash = hidden.Clash;
        WaitingFamilies? waiting = clash.Group is { IsRemoved: false } group ? group.Waiting ??= new WaitingFamilies()
            : clash.Family is not null && directory.TryGet(clash.Family, out FamilyInfo? info) ? info.Waiting ??= new WaitingFamilies()
            : null;
        waiting?.Add(hidden);
    }

    /// <summary>Tells the host what a push hides. Outside the lock; only what was not hidden before is news.</summary>
    public void Tell(GroupingKey key, GroupSnapshot? old, List<HiddenFamily>? found)
    {
        if (found is null || options.FamilyHidden is not { } tell)
        {
            return;
        }

        foreach (HiddenFamily hidden in found)
        {
            if (old?.IsHidden(hidden.Name.Span) != true)
            {
                tell(key, hidden);
            }
        }
    }
}
