using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Replication.Following;
using Exposition.Replication.Merging;
using Exposition.Replication.Messages;
using Exposition.Replication.Sending;
using Exposition.Replication.Waiting;

namespace Exposition.Replication.Healing;

/// <summary>Puts into the log what it does not have, and has the two compared.</summary>
internal sealed class Healer(
    MetricStore store, IGroupLog log, ReplicationOptions options, TimeProvider time, Follower follower, Applying applying,
    AppliedRevision applied, Appending appending, Unshared unshared, GrownApart apart, ReplicationCounts counts)
{
    private const int AtOnce = 32;
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_seldom = TimeSpan.FromMinutes(1);

    private readonly Comparing _comparing = new(store, log, applying, applied, unshared, options, counts);
    private bool _isFound;
    private bool _isCompareDue;
    private long _compared = time.GetTimestamp();

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        follower.Found = () => Volatile.Write(ref _isFound, true);
        follower.Resumed = () => Volatile.Write(ref _isCompareDue, true);
        try
        {
            while (true)
            {
                bool hasRest = await TryStepAsync(end);
                await Task.Delay(hasRest ? s_seldom : s_every, time, end);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
    }

    // Whether something is left that cannot be sent.
    private async Task<bool> TryStepAsync(CancellationToken end)
    {
        apart.Tell();
        try
        {
            if (Volatile.Read(ref _isFound) && follower.Phase != ReplicationPhase.Live)
            {
                Volatile.Write(ref _isFound, false);
                await TakeIntoUseAsync(end);
                return false;
            }

            if (follower.Phase != ReplicationPhase.Live)
            {
                return false;
            }

            counts.Settle(store.Shared.Settle());
            if (Volatile.Read(ref _isCompareDue)
                || (options.CompareEvery > TimeSpan.Zero && time.GetElapsedTime(Volatile.Read(ref _compared)) >= options.CompareEvery))
            {
                Volatile.Write(ref _isCompareDue, false);
                Volatile.Write(ref _compared, time.GetTimestamp());
                await _comparing.RunAsync(end);
            }

            return unshared.Count > 0 && !await SendAllAsync(end);
        }
        catch (LogUnavailableException)
        {
            // The follower says so, and it is done again when the log is back.
            Volatile.Write(ref _isCompareDue, true);
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            options.Notify?.Invoke(ReplicationNotice.Damaged, $"healing has failed, and is tried again: {e.Message}");
            return false;
        }
    }

    // The groups first: who finds that the log is in use finds all of them.
    private async Task TakeIntoUseAsync(CancellationToken end)
    {
        if (await SendAllAsync(end))
        {
            var meta = new Message(MessageKind.Meta, Message.Now(time), IsSeeded: options.Seed || follower.WasLive);
            AppendResult result = await appending.AppendAsync(Subjects.Meta, meta, applying.MetaRevision, null, appending.Until(), end);
            Volatile.Write(ref _isFound, result.End is not (AppendEnd.Applied or AppendEnd.Conflict));
        }
        else
        {
            Volatile.Write(ref _isFound, true);
        }
    }

    /// <summary>Sends all that the log does not have; one that is too large for it keeps no other waiting.</summary>
    /// <returns>Whether none is left that was tried.</returns>
    private async Task<bool> SendAllAsync(CancellationToken end)
    {
        bool isAll = true;
        int healed = 0;
        foreach (KeyValuePair<GroupingKey, UnsharedGroup>[] some in unshared.All().Chunk(AtOnce))
        {
            bool?[] results = await Task.WhenAll(some.Select(pair => SendAsync(pair.Key, pair.Value, end)));
            isAll &= results.All(static result => result != false);
            healed += results.Count(static result => result == true);
        }

        counts.Heal(healed);
        if (healed > 0)
        {
            options.Notify?.Invoke(ReplicationNotice.Healed, $"{healed} groups were put into the log");
        }

        return isAll;
    }

    // True: it is in the log. False: not. Null: there is nothing to be sent any more.
    private async Task<bool?> SendAsync(GroupingKey key, UnsharedGroup group, CancellationToken end)
    {
        if (group.TooLargeFor >= log.MaxBytes)
        {
            return null;
        }

        string subject = Subjects.Of(key);
        Message message;
        long? expected = group.Known;
        TimeSpan? timeToLive = TimeToLive.OfTombstones;
        if (group.DeletedAt != 0)
        {
            if (expected is null && (expected = (await log.FindAsync(subject, end))?.Revision) is null)
            {
                unshared.Remove(key);
                return null;
            }

            message = new Message(MessageKind.Gone, group.DeletedAt, key);
        }
        else if (store.Shared.TryCopy(key, out GroupState state, out long revision))
        {
            message = new Message(MessageKind.State, Message.Now(time), key, state);
            expected ??= revision;
            timeToLive = TimeToLive.Of(store, key, state, time);
        }
        else
        {
            unshared.Remove(key);
            return null;
        }

        AppendResult result = await appending.AppendAsync(subject, message, expected.Value, timeToLive, appending.Until(), end);
        if (result.End == AppendEnd.Conflict)
        {
            unshared.Know(key, result.Revision);
        }

        if (result.End == AppendEnd.TooLarge)
        {
            // Not tried again before it is pushed to, or the log takes more.
            unshared.IsTooLarge(key, log.MaxBytes);
            counts.Diverged(1);
            options.Notify?.Invoke(ReplicationNotice.Damaged, $"group {key} stays with this node alone: {result.Reason}");
            return null;
        }

        return result.End == AppendEnd.Applied;
    }
}
