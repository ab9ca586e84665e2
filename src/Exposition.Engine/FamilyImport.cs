using System.Diagnostics.CodeAnalysis;
using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine;

/// <summary>
/// Turns families that another program has kept for a group into entries, for <see cref="MetricStore.RestoreOwn"/>.
/// </summary>
internal sealed class FamilyImport
{
    private readonly PushWorkspace _workspace = new();

    /// <summary>
    /// Renders a family: grouping labels merged in, labels sorted. Metrics that break a rule (a value of another type than the family's, a
    /// label that is not UTF-8, a series that is there twice) are left out, as in an unchecked push. Not safe for concurrent use.
    /// </summary>
    /// <param name="key">The group.</param>
    /// <param name="message">An io.prometheus.client.MetricFamily, the group's push times among those that are allowed. Copied.</param>
    /// <param name="pushedAt">When it was pushed, in nanoseconds since the Unix epoch.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="error">Why there is none.</param>
    public bool TryRender(
        GroupingKey key, ReadOnlySpan<byte> message, long pushedAt, out FamilyEntry entry, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(key);
        entry = default;
        try
        {
            if (!ProtobufFormat.TryRead(Delimited(message), _workspace.Families, out FormatError malformed))
            {
                error = malformed.ToString();
                return false;
            }

            var kept = new PendingPush(_workspace, key, pushedAt);
            if (PushRules.HasTimestamps(_workspace.Families))
            {
                error = "metrics with timestamps";
                return false;
            }

            kept.Prepare(leaveOut: true, withOwn: true);
            FamilyEntry[] rendered = kept.RenderKept();
            error = rendered.Length == 1 ? null : "a family that cannot be shown";
            entry = rendered.Length == 1 ? rendered[0] : default;
            return error is null;
        }
        finally
        {
            _workspace.Reset();
        }
    }

    private static byte[] Delimited(ReadOnlySpan<byte> message)
    {
        Span<byte> length = stackalloc byte[5];
        int count = 0;
        for (uint rest = (uint)message.Length; ; rest >>= 7)
        {
            length[count++] = (byte)(rest < 0x80 ? rest : rest | 0x80);
            if (rest < 0x80)
            {
                return [.. length[..count], .. message];
            }
        }
    }
}
