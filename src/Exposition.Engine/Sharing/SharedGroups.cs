using Exposition.Engine.Content;
using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Publishing;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Sharing;

// Several nodes have their groups in common by a log that they append to and read. A push is prepared here, appended by who has asked for
// it, and applied by every node, this one too, when it comes out of the log, in its order. What is appended is the state of the group that
// follows from the push. What the store does by itself, expiry, follows from states and the time, and is not appended.

/// <summary>A store whose changes come from a log. Applying is for one thread at a time.</summary>
internal sealed class SharedGroups(
    StoreState state, WriterLock writer, Pushing pushing, Deleting deletes, Preparing preparing, Loading loading, Settling settling)
{
    /// <summary>Reads and checks a push, and bases it on the newest state of its group.</summary>
    /// <param name="key">The group.</param>
    /// <param name="format">The body's language.</param>
    /// <param name="body">The decoded body; not used after the return.</param>
    /// <param name="mode">What becomes of the group's other families.</param>
    /// <param name="details">What else was said with it.</param>
    /// <param name="outcome">What is told who has sent it; where something is prepared, after that is applied.</param>
    /// <returns>What is to be appended, be it the trace of a refusal; null for nothing.</returns>
    public PreparedPush? Prepare(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details, out PushOutcome outcome)
    {
        PushAsked? asked = PushAsked.IsOne(mode, details) ? PushAsked.Copy(format, body, mode, details) : null;
        return Prepare(key, format, asked?.Body ?? body, mode, asked?.Details ?? details, asked, out outcome);
    }

    /// <summary>A push that was refused before it came to the store: the group, if it is there, remembers that.</summary>
    /// <returns>What is to be appended; null for nothing.</returns>
    public PreparedPush? PrepareFailure(GroupingKey key, string reason, object? sender)
    {
        if (state.Groups.Find(key) is not { IsRemoved: false })
        {
            return null;
        }

        Moment now = state.Clock.Read();
        var failure = new PreparedPush(key, now) { Failure = PushFailure.Of(now.Wall, reason, sender) };
        return Rebase(ref failure, out _) ? failure : null;
    }

    /// <summary>Bases a push on the newest state of its group once more.</summary>
    /// <param name="push">The push. One that depends on what its group has is replaced by one that is prepared again.</param>
    /// <param name="refused">Why it is not taken any more; or how it was answered before, if it is known by its id.</param>
    public bool Rebase(ref PreparedPush push, out PushOutcome refused)
    {
        if (push.Asked is { } asked)
        {
            PreparedPush? next = Prepare(push.Key, asked.Format, asked.Body, asked.Mode, asked.Details, asked, out refused);
            push = next ?? push;
            return next is not null;
        }

        PushWorkspace workspace = state.Workspaces.Rent();
        try
        {
            PushOutcome? outcome = preparing.Base(push, workspace);
            refused = outcome ?? default;
            return outcome is null;
        }
        finally
        {
            state.Workspaces.Return(workspace);
        }
    }

    /// <summary>The trace of a push that is not taken any more, because others were first.</summary>
    /// <param name="push">The push.</param>
    /// <param name="refused">Why.</param>
    /// <param name="told">What its sender is told.</param>
    public static PreparedPush FailureOf(PreparedPush push, PushOutcome refused, out PushOutcome told)
    {
        told = refused with { Error = Pushing.InconsistentError(refused.Error) };
        return PreparedPush.FailureOf(push.Key, push.At, push.ExpireAfter, told.Error!, push.Sender);
    }

    /// <summary>A prepared push is in the store, and its sender is told.</summary>
    public void Finished(PreparedPush push, PushFormat format, int bytes, in PushOutcome outcome, object? sender)
    {
        if (outcome.IsStored)
        {
            long samples = 0;
            foreach (ref readonly FamilyEntry entry in push.Pushed.AsSpan())
            {
                samples += entry.SampleCount;
            }

            Interlocked.Add(ref state.Counts.Pushed, samples);
            Interlocked.Add(ref state.Counts.ForgottenIds, push.ForgottenIds);
            Interlocked.Add(ref state.Counts.LateTotals, push.LateTotals);
        }

        state.Observers.Tell(push.Key, format, push.Mode, bytes, outcome, sender);
    }

    /// <summary>Makes a group what the log says, and tells the feeds.</summary>
    /// <param name="key">The group.</param>
    /// <param name="group">Its state; array and memory are the store's from now on.</param>
    /// <param name="revision">Which the state has in the log.</param>
    /// <returns>False if the group is of that revision already, or of a later one: nothing has changed then.</returns>
    public bool Apply(GroupingKey key, in GroupState group, long revision) =>
        Apply(key, group, new LogPlace(revision, group.ReplacedAt, Height: group.Height));

    /// <summary>The same of a state that the log does not have: this node has made it alone.</summary>
    /// <param name="key">The group.</param>
    /// <param name="group">Its state.</param>
    /// <param name="revision">What the log has, or had, when it was made; 0 for nothing.</param>
    public void ApplyAlone(GroupingKey key, in GroupState group, long revision) =>
        Apply(key, group, new LogPlace(revision, group.ReplacedAt, IsAlone: true, group.Height));

    /// <summary>Removes a group that is of no later revision.</summary>
    public bool ApplyDelete(GroupingKey key, long revision = long.MaxValue)
    {
        bool isDeleted = deletes.TryDelete(key, revision);
        state.Observers.TellEnds();
        return isDeleted;
    }

    /// <summary>Removes all groups that are of earlier revisions; those that views show in one step.</summary>
    /// <returns>How many there were.</returns>
    public int ApplyWipe(long revision) =>
        loading.RemoveUnshown(revision) + deletes.Together.Delete(key => RevisionOf(key) < revision).Groups;

    /// <summary>The revision of a group's state; 0 if it has none, or is not there.</summary>
    public long RevisionOf(GroupingKey key) => PlaceOf(key)?.Revision ?? 0;

    /// <summary>How a group stands in the log; null if it was never there, or is not here.</summary>
    public LogPlace? PlaceOf(GroupingKey key) => state.Groups.Find(key) is { IsRemoved: false } slot ? slot.Place : null;

    /// <summary>Whether a group is there.</summary>
    public bool IsThere(GroupingKey key) => state.Groups.Find(key) is { IsRemoved: false };

    /// <summary>Whether a group is there, and pushes have added to it, or had ids.</summary>
    public bool IsAddedTo(GroupingKey key) => PlaceOf(key) is { Height: > 0 };

    /// <summary>Whether a group is there, and its series have expired.</summary>
    public bool IsExpired(GroupingKey key) => state.Groups.Find(key)?.Current is { IsEnd: false, IsExpired: true };

    /// <summary>The last push to a group that was refused, as far as it is known.</summary>
    public PushFailure? LastFailureOf(GroupingKey key) => state.Groups.Find(key)?.LastFailure;

    /// <summary>
    /// The log has begun anew: what there is of groups is of no revision of it.
    /// </summary>
    public void ForgetRevisions()
    {
        foreach (GroupSlot slot in state.Maps.Newest.Slots)
        {
            slot.Place = slot.Place is null ? null : slot.Place with { Revision = 0 };
        }
    }

    /// <summary>
    /// When a group with such a state is gone, by the wall clock in nanoseconds since the Unix epoch: its deadline and the grace. 0 for
    /// never.
    /// </summary>
    public long GoneAt(GroupingKey key, in GroupState group)
    {
        long expires = group.ExpiresAt ?? state.Clock.ToWall(state.Deadlines.DeadlineOf(null, key, group.Families), state.Clock.Read());
        return expires == 0 ? 0 : DeadlineSchedule.Later(expires, state.Deadlines.GraceNanoseconds);
    }

    /// <summary>A group's state, in memory of its own.</summary>
    /// <param name="key">The group.</param>
    /// <param name="group">Its state.</param>
    /// <param name="revision">Its revision, or an earlier one.</param>
    /// <returns>Whether it is there.</returns>
    public bool TryCopy(GroupingKey key, out GroupState group, out long revision)
    {
        GroupSlot? slot;
        using (writer.Enter())
        {
            slot = loading.FindNow(key);
        }

        revision = slot?.Revision ?? 0;
        using var pinned = new PinnedGroup(slot);
        group = pinned.Newest is { } newest ? preparing.Copy(newest) : default;
        return pinned.Newest is not null;
    }

    /// <inheritdoc cref="Settling.Settle()"/>
    public int Settle() => SettlesNothing ? 0 : settling.Settle();

    // Set by tests.
    internal bool SettlesNothing { get; set; }

    private sealed class PreparedEnd(SharedGroups groups, object? sender, PushAsked? asked) : IPushEnd
    {
        public PreparedPush? Prepared { get; private set; }

        public PushOutcome Publish(PendingPush push, ReadOnlyMemory<byte> textBody)
        {
            var prepared = new PreparedPush(push.Key, push.At)
            {
                Mode = push.Mode,
                ExpireAfter = push.ExpireAfter,
                Pushed = push.Join is null ? push.RenderKept() : [],
                Asked = asked,
                Sender = sender,
            };
            PushOutcome? refused = groups.PrepareIn(prepared, push.Workspace, push);
            Prepared = refused is null ? prepared : null;
            return refused ?? groups.Taken;
        }

        public void Unread(GroupingKey key, string error, object? sender) => Prepared = groups.PrepareFailure(key, error, sender);

        public void Refuse(PendingPush push, string error, object? sender)
        {
            var failure = PreparedPush.FailureOf(push.Key, push.At, push.ExpireAfter, error, sender);
            Prepared = groups.PrepareIn(failure, push.Workspace) is null ? failure : null;
        }
    }

    /// <summary>What is told who has sent a push that is taken.</summary>
    public PushOutcome Taken => new(state.Taken);

    private bool Apply(GroupingKey key, in GroupState group, LogPlace place)
    {
        byte[][] marked = SenderMarks.In(group.Families);
        if (!loading.Put(key, group, place))
        {
            return false;
        }

        settling.Marks.Note(key, place.Revision, marked);
        return true;
    }

    private PreparedPush? Prepare(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, in PushDetails details, PushAsked? asked,
        out PushOutcome outcome)
    {
        var end = new PreparedEnd(this, details.Sender, asked);
        outcome = pushing.Push(key, format, body, mode, details, id: null, end);
        if (end.Prepared is not null)
        {
            end.Prepared.Outcome = outcome;
        }

        return end.Prepared;
    }

    private PushOutcome? PrepareIn(PreparedPush push, PushWorkspace workspace, PendingPush? read = null) =>
        preparing.Base(push, workspace, read);
}
