using Exposition.Engine.Groups;

namespace Exposition.Engine.Consistency;

/// <summary>Why a family cannot be beside what is stored.</summary>
/// <param name="Message">In the Pushgateway's words, with the other group.</param>
/// <param name="Group">The group that holds one of its series; it is over at the earliest when that group changes.</param>
/// <param name="Family">Name of the family that it contradicts; it is over at the earliest when no group holds that with the type it has
/// now.</param>
/// <param name="IsWithHost">What it contradicts is a family of the host: no reason to refuse a push, but to leave the family out of
/// scrapes.</param>
/// <param name="Since">Since when that group has had these series (<see cref="GroupSnapshot.SeriesSince"/>).</param>
internal sealed record Clash(string Message, GroupSlot? Group = null, byte[]? Family = null, bool IsWithHost = false, long Since = 0)
{
    /// <summary>Whether the group has the series still for sure.</summary>
    public bool IsThere => Group is null || (Group.Current is { IsEnd: false } current && current.SeriesSince == Since);
}
