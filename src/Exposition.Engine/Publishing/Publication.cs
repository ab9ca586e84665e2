using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Publishing;

/// <summary>What is published of a group.</summary>
/// <param name="Draft">Its families.</param>
/// <param name="Fate">When they expire.</param>
/// <param name="Hidden">Those of them that were found hidden since the draft was made.</param>
internal readonly record struct Publication(GroupDraft Draft, Fate Fate, List<HiddenFamily>? Hidden = null)
{
    /// <summary>How often the publisher has pinned the slot.</summary>
    public int OwnPins { get; init; }

    /// <summary>How the push is remembered by its id, if it has one.</summary>
    public StoredId? Id { get; init; }

    /// <summary>The refusal that is published.</summary>
    public PushFailure? Failure { get; init; }

    /// <summary>The slot that the families of a claim were counted for, their heads shared; null where there is no claim.</summary>
    public GroupSlot? Claimed { get; init; }

    /// <summary>How many of the hidden ones, from the first on, the claim has seen to.</summary>
    public int ClaimedHidden { get; init; }

    /// <summary>Whether the directory counts the families already.</summary>
    public bool IsCounted { get; init; }

    /// <summary>How the group stands in a log with it; null for as before.</summary>
    public LogPlace? Place { get; init; }

    /// <summary>The ids that the group has with it, where <see cref="Place"/> is said.</summary>
    public PushIds? Ids { get; init; }

    /// <summary>Whether no feed is told.</summary>
    public bool IsSilent { get; init; }
}
