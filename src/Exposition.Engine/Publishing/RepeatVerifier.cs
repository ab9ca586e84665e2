using Exposition.Engine.Adding;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Remembering;
using Exposition.Engine.Repeats;
using Exposition.Formats;

namespace Exposition.Engine.Publishing;

/// <summary>Reads repeat pushes the long way, too (<see cref="StoreOptions.VerifyShapes"/>).</summary>
internal sealed class RepeatVerifier(StoreState state, WriterLock writer, PushChecks checks)
{
    /// <summary>Compares; throws where there is a difference.</summary>
    public void Verify(
        GroupSlot slot, GroupSnapshot current, ReadOnlySpan<FamilyEntry> patched, ReadOnlyMemory<byte> body, PushMode mode, long now)
    {
        if (!ReferenceEquals(slot.Current, current))
        {
            // Somebody else has changed the group since; nothing will be published.
            return;
        }

        PushWorkspace workspace = state.Workspaces.Rent(body.Length);
        try
        {
            string? error = null;
            FamilyEntry[] expected = [];
            var text = new TextReadOptions(state.Options.Names, Lenient: true);
            if (TextFormat.TryRead(body, text, workspace.Families, out FormatError malformed)
                && !PushRules.HasTimestamps(workspace.Families))
            {
                var push = new PendingPush(workspace, slot.Key, now)
                {
                    Mode = mode,
                    Join = PushModes.Joins(mode) ? new GroupJoin(state.Options, mode) : null,
                };
                error = push.Prepare(leaveOut: !state.Options.CheckConsistency);
                FamilyEntry[] pushed = push.Render(current, null, keepPushedFailure: true);
                expected = GroupDraft.After(slot.Key, current, pushed, mode == PushMode.Replace, state.Blocks.Pool, push.Block).Families;
                using (writer.Enter())
                {
                    List<HiddenFamily>? hidden = null;
                    error ??= ReferenceEquals(slot.Current, current) && state.Groups.IsThere(slot)
                        ? checks.Check(push, push.Rendered, slot, expected, ref hidden)
                        : null;
                }
            }
            else
            {
                error = malformed.Message ?? "timestamps";
            }

            if (error is not null || ShapePatch.Difference(expected, patched) is { } difference && (error = difference) is not null)
            {
                throw new InvalidOperationException($"a push to {slot.Key} was patched in although read the long way it gives: {error}");
            }
        }
        finally
        {
            state.Workspaces.Return(workspace);
        }
    }
}
