using Exposition.Engine.Groups;

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
    public void Replace(GroupSlot slot, GroupSnapshot? old, GroupSnapshot? current)
    {
        writer.AssertHeld();
        ReadOnlySpan<HiddenFamily> before = old is null ? [] : old.Hidden;
        ReadOnlySpan<HiddenFamily> now = current is null ? [] : current.Hidden;
        if (before.IsEmpty && now.IsEmpty)
        {
            return;
        }

        // Both are in order of their names, and most are the same.
        List<HiddenFamily> changed = [];
        int at = 0;
        foreach (HiddenFamily hidden in before)
        {
            while (at < now.Length && now[at].Name.Span.SequenceCompareTo(hidden.Name.Span) < 0)
            {
                at++;
            }

            if (at == now.Length || !ReferenceEquals(now[at], hidden))
            {
                hidden.Slot = null;
                changed.Add(hidden);
            }
        }

        foreach (HiddenFamily hidden in now)
        {
            if (hidden.Slot is null)
            {
                hidden.Slot = slot;
                changed.Add(hidden);
            }
        }

        Interlocked.Add(ref _count, now.Length - before.Length);
        if (changed.Count > 2 * directory.AtOnce)
        {
            directory.ChangeLater(changed);
            return;
        }

        foreach (HiddenFamily hidden in changed)
        {
            hidden.Waiting?.Remove(hidden);
            if (hidden.Slot is not null)
            {
                Wait(hidden);
            }
        }
    }

    /// <summary>Puts a hidden family where it waits for what stands in its way.</summary>
    public void Wait(HiddenFamily hidden)
    {
        Clash clash = hidden.Clash;
        hidden.Waiting = clash.Group is { IsRemoved: false } group ? group.Waiting ??= []
            : clash.Family is not null && directory.TryGet(clash.Family, out FamilyInfo? info) ? info.Waiting ??= []
            : null;
        hidden.Waiting?.Add(hidden);
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
            if (old is null || !old.TryGet(hidden.Name.Span, out FamilyEntry before) || (before.Traits & FamilyTraits.Hidden) == 0)
            {
                tell(key, hidden);
            }
        }
    }
}
