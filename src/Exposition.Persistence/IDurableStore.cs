using Exposition.Engine;

namespace Exposition.Persistence;

/// <summary>Takes a group that a durable copy has kept.</summary>
/// <param name="group">The group. The memory that its families point to is not reused: the receiver may keep it.</param>
public delegate void RestoreGroup(in KeptGroup group);

/// <summary>
/// Where groups outlive the process. One user at a time: calls must not overlap. Errors of the medium surface as
/// <see cref="DurableStoreException"/>.
/// </summary>
public interface IDurableStore : IDisposable
{
    /// <summary>
    /// Whether earlier groups are missing from the copy, because it is new or had to be replaced: the next write must contain all groups.
    /// </summary>
    public bool Incomplete { get; }

    /// <summary>Says that all groups have been written.</summary>
    public void Completed();

    /// <summary>
    /// Takes the copy for this process, and makes it if it is not there; without it <see cref="Load"/> takes one that is there.
    /// </summary>
    /// <exception cref="DurableStoreException">
    /// It belongs to another process, or a later version of this program has written it. Anything else that is wrong shows when it is
    /// loaded.
    /// </exception>
    public void Open();

    /// <summary>Hands every kept group to <paramref name="restore"/>.</summary>
    /// <returns>What was found, damage included.</returns>
    /// <exception cref="DurableStoreException">The copy cannot be read at all, or belongs to another process.</exception>
    public LoadReport Load(RestoreGroup restore);

    /// <summary>Starts a transaction. What it contains is kept as a whole or not at all.</summary>
    /// <exception cref="DurableStoreException">The copy cannot be written.</exception>
    public IDurableBatch Begin();
}

/// <summary>Changes that become durable together. Disposing of it without a commit drops them.</summary>
public interface IDurableBatch : IDisposable
{
    /// <summary>Bytes given to the medium so far, to bound the size of a transaction.</summary>
    public long Bytes { get; }

    /// <summary>Keeps a group in place of what was kept of it.</summary>
    /// <param name="group">The group; its families are not used after the return.</param>
    /// <param name="version">Counts the changes of the group: a later one has a greater version.</param>
    /// <exception cref="DurableStoreException">
    /// The medium refused, or, as <see cref="DurableFault.GroupRefused"/>, this group alone. After any exception the batch must not be
    /// committed: a part of the group may be in it.
    /// </exception>
    public void Put(in KeptGroup group, long version);

    /// <summary>Forgets a group; one that is not kept is no error.</summary>
    public void Remove(GroupingKey key);

    /// <summary>Forgets all groups, in a time that does not depend on how many are kept.</summary>
    public void Clear();

    /// <summary>Makes the changes durable: when it returns, they survive a crash of the machine.</summary>
    public void Commit();
}

/// <summary>What a load found.</summary>
/// <param name="Groups">Number of groups handed over.</param>
/// <param name="DamagedGroups">Number of groups whose content did not match its checksum; they were set aside.</param>
/// <param name="Replaced">The copy itself could not be read to its end and was moved aside; the groups handed over come from its readable
/// part.</param>
public readonly record struct LoadReport(int Groups, int DamagedGroups, bool Replaced);
