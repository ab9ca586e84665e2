using Exposition.Engine.Counting;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Publishing;

/// <summary>What is counted over all groups. Changed under the writer lock, read at any time.</summary>
internal sealed class StoreCounts
{
    /// <summary>Sample lines.</summary>
    public long Samples;

    /// <summary>What all groups take, in bytes; see <see cref="GroupSize"/>.</summary>
    public long StoredBytes;

    /// <summary>Groups that have expired and are still shown as such.</summary>
    public long Expired;

    /// <summary>Groups whose last push was refused; see <see cref="GroupSlot.IsFailing"/>.</summary>
    public long Failed;

    /// <summary>The series of all pushes that were stored so far. Changed without the lock, too.</summary>
    public long Pushed;

    /// <summary>Ids that were forgotten before their time. Changed without the lock, too.</summary>
    public long ForgottenIds;

    /// <summary>Pushes that had been stored before under their id. Changed without the lock.</summary>
    public long RepeatedIds;

    /// <summary>Metrics of running totals that came late. Changed without the lock.</summary>
    public long LateTotals;

    /// <summary>How often a group has expired.</summary>
    public long Expiries;

    /// <summary>Bytes that were left to the garbage collector so far.</summary>
    public long LetGo;

    /// <summary>The greatest version of groups that have gone: each new group goes on from there, so one of the same key does.</summary>
    public long LastVersion;

    /// <summary>The jobs of the groups.</summary>
    public JobTable Jobs { get; } = new();

    /// <summary>The last push to a group was refused, or was not.</summary>
    public void SetFailing(GroupSlot slot, bool isFailing)
    {
        if (slot.IsFailing != isFailing)
        {
            slot.IsFailing = isFailing;
            Volatile.Write(ref Failed, Failed + (isFailing ? 1 : -1));
        }
    }

    /// <summary>Groups have gone.</summary>
    /// <param name="samples">Their sample lines.</param>
    /// <param name="bytes">What they took.</param>
    public void TakeOut(long samples, long bytes)
    {
        Volatile.Write(ref Samples, Samples - samples);
        Volatile.Write(ref StoredBytes, StoredBytes - bytes);
    }

    /// <summary>A snapshot has gone, or is replaced. Its blocks are counted where they find no room any more.</summary>
    public void LetGoOf(GroupSnapshot old) => Volatile.Write(ref LetGo, LetGo + Math.Max(0, old.Size - old.BlockBytes));

    /// <summary>All groups have gone, blocks and all: these do not become spare.</summary>
    public void Clear()
    {
        Volatile.Write(ref LetGo, LetGo + StoredBytes);
        Volatile.Write(ref StoredBytes, 0);
        Volatile.Write(ref Expired, 0);
        Volatile.Write(ref Failed, 0);
        Jobs.Clear();
        Volatile.Write(ref Samples, 0);
    }
}
