using System.Globalization;
using Exposition.Engine;
using Exposition.Engine.Remembering;
using Exposition.Replication.Merging;
using Exposition.Replication.Messages;

namespace Exposition.Replication.Following;

// What a node has at its start was kept by its durable copy, which says of each group how it stands in the log:
//   never in it     of the time before the log: put into it by the node that seeds; no other node begins with such groups
//   changed alone   put into it by whoever has it
//   in it           the log knows better, be it that the group is gone; unless the log is one that nobody has seeded, and this node does

/// <summary>What a node has before it has read anything of the log, and what is to become of that.</summary>
internal sealed class Beginning(MetricStore store, IGroupLog log, ReplicationOptions options, Unshared unshared)
{
    /// <summary>Notes which groups the log is to be given: before each reading from its beginning, until the node is live.</summary>
    /// <exception cref="LogUnusableException">There are groups of which nobody has said what they are to become.</exception>
    public async Task PrepareAsync(CancellationToken end)
    {
        bool seedsAll = options.Seed && !await IsSeededAsync(end);
        List<GroupingKey> unknown = [];
        using (StoreView view = store.OpenView())
        {
            foreach (GroupSnapshot group in view.Groups)
            {
                LogPlace? place = store.Shared.PlaceOf(group.Key);
                if (seedsAll || place is { IsAlone: true } || (place is null && options.Seed))
                {
                    unshared.Add(group.Key);
                }
                else if (place is null)
                {
                    unknown.Add(group.Key);
                }
            }
        }

        if (unknown.Count > 0)
        {
            throw new LogUnusableException(string.Create(
                CultureInfo.InvariantCulture,
                $"this node has {unknown.Count} groups that were never in the log, the first is {unknown[0]}: start it once with "
                + $"--replication.seed, which puts them there, or without the file that has them"));
        }
    }

    private async Task<bool> IsSeededAsync(CancellationToken end) =>
        await log.FindAsync(Subjects.Meta, end) is { } found
        && MessageCodec.TryRead(found.Entry.Body.Span, options.Compressor, out Message message) == MessageFault.None
        && (message.IsSeeded || message.Kind == MessageKind.Wipe);
}
