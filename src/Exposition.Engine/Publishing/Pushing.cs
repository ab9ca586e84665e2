using Exposition.Engine.Counting;
using Exposition.Engine.Expiry;
using Exposition.Engine.Ingest;
using Exposition.Formats;
using Exposition.Formats.Rows;

namespace Exposition.Engine.Publishing;

/// <summary>One push, from its body to what became of it.</summary>
internal sealed class Pushing(StoreState state, Sweep sweep, RepeatPushes repeats, IPushEnd published)
{
    /// <inheritdoc cref="MetricStore.Push"/>
    public PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details)
    {
        if (repeats.TryPush(key, format, body, mode, details))
        {
            return new PushOutcome(state.Options.CheckConsistency ? PushStatus.Stored : PushStatus.Accepted);
        }

        PushOutcome outcome = Push(key, format, body, mode, details, published);
        state.Observers.Tell(key, format, mode, body.Length, outcome, details.Sender);
        return outcome;
    }

    /// <summary>What a client is told of an inconsistent push.</summary>
    public static string InconsistentError(string? reason) => "pushed metrics are invalid or inconsistent with existing metrics: " + reason;

    /// <summary>The long way: reads it, and gives what was read to its end.</summary>
    public PushOutcome Push(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details, IPushEnd end)
    {
        state.Peaks.GroupingKey.Observe(key.Bytes.Length);
        if (PushLimits.Exceeded(state.Options, key) is { } tooLong)
        {
            return tooLong;
        }

        PushWorkspace workspace = state.Workspaces.Rent(body.Length);
        try
        {
            FamilySet set = workspace.Families;
            if (!PushReader.TryRead(state.Options, format, body, set, out FormatError malformed))
            {
                var unread = new PushOutcome(PushStatus.Malformed, malformed.ToString());
                end.Unread(key, unread.Error!, details.Sender);
                return unread;
            }

            PushExtent extent = PushPeaks.Measure(key, set);
            state.Peaks.Observe(extent);
            if (PushLimits.Exceeded(state.Options, key, set, body.Length) is { } exceeded)
            {
                return exceeded;
            }

            long most = Math.Min(PushWorkspace.SmallRendering, PushLimits.LargestRendering(state.Options, body.Length));
            long rendered = RenderedSize.Of(key, set, format, body.Length, most);
            extent = extent with
            {
                Rendered = PushPeaks.Share(
                    rendered, PushLimits.LargestRendering(state.Options, body.Length), state.Options.MaxRenderedBytes),
            };
            state.Peaks.Observe(extent);
            if (PushLimits.Exceeded(state.Options, rendered, body.Length) is { } tooLarge)
            {
                return tooLarge;
            }

            workspace.Text.Expect(rendered);
            Moment now = state.Clock.Read();
            sweep.ExpireDue(now);

            // A race may let a few more in, as many as there are pushes at once.
            if (state.Options.MaxGroups > 0 && state.Maps.Newest.Count >= state.Options.MaxGroups
                && state.Groups.Find(key) is not { IsRemoved: false })
            {
                return PushLimits.TooManyGroups(state.Options);
            }

            var push = new PendingPush(workspace, key, now.Wall)
            {
                At = now,
                Mode = mode,
                ExpireAfter = details.ExpireAfter,
                Extent = extent,
            };
            if (state.Options.Timestamps == SampleTimestamps.Drop)
            {
                PushRules.DropTimestamps(set);
            }

            string? error = PushRules.HasTimestamps(set)
                ? "pushed metrics must not have timestamps"
                : push.Prepare(leaveOut: !state.Options.CheckConsistency);
            PushOutcome outcome = error is null
                ? end.Publish(push, format == PushFormat.Text ? body : default)
                : new PushOutcome(PushStatus.Inconsistent, error);
            if (outcome.Status != PushStatus.Inconsistent)
            {
                return outcome;
            }

            error = InconsistentError(outcome.Error);
            end.Refuse(push, error, details.Sender);
            return new PushOutcome(state.Options.CheckConsistency ? PushStatus.Inconsistent : PushStatus.Accepted, error);
        }
        catch (TooManyRowsException)
        {
            return PushLimits.TooManySeries(state.Options);
        }
        finally
        {
            state.Workspaces.Return(workspace);
        }
    }
}
